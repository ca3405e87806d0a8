/**
 * The documentation site (`npm run site`). Its pages are documents as they lie in the repository: docs/, the READMEs of packages, and
 * three texts at the root. Decision 13 says why.
 */
import { cpSync, existsSync, readFileSync, readdirSync } from 'node:fs'
import { dirname, join, relative, resolve, sep } from 'node:path'
import { defineConfig, type DefaultTheme } from 'vitepress'
import { brokenLinks } from './broken-links.js'

const root = resolve(import.meta.dirname, '../..')
const api = join(root, 'docs/api')

const ofDocs = readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' })
  .map((name) => name.split(sep).join('/'))
  .filter((name) => name.endsWith('.md') && !/^(api|\.vitepress)\//.test(name))
const ofPackages = readdirSync(join(root, 'packages')).filter((name) =>
  existsSync(join(root, 'packages', name, 'README.md')),
)

/** Every page: its document, from the root of the repository, and its path in the site. */
const pages = new Map<string, string>([
  ...['ARCHITECTURE', 'CONTRIBUTING', 'SECURITY'].map((name) => [`${name}.md`, `${name.toLowerCase()}.md`] as const),
  ...ofDocs.map((name) => [`docs/${name}`, name] as const),
  ...ofPackages.map((name) => [`packages/${name}/README.md`, `packages/${name}.md`] as const),
])

const { repository } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
  readonly repository: { readonly url: string }
}
const source = repository.url.replace(/^git\+/, '').replace(/\.git$/, '')

/**
 * Where a link of a document leads in the site: to a page, or, for any other file and folder, to the repository's own site.
 *
 * @throws Error where the repository has no such file
 */
function inSite(href: string, document: string): string {
  const [path = '', hash] = href.split('#')
  if (path === '' || /^[a-z]+:/.test(path)) return href
  const target = resolve(dirname(document), decodeURI(path))
  const name = relative(root, target).split(sep).join('/')
  const anchor = hash === undefined ? '' : `#${hash}`
  const page = pages.get(name)
  if (page !== undefined) return `/${page}${anchor}`
  if (!existsSync(target)) throw new Error(`${relative(root, document)}: no such file: ${href}`)
  return `${source}/tree/HEAD/${name}${anchor}`
}

/** As GitHub makes anchors of headings, so that links work in both places. */
const slugify = (heading: string) =>
  heading
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
    .trim()
    .replaceAll(/\s/g, '-')

const titleOf = (document: string) => /^# (.+)$/m.exec(readFileSync(join(root, document), 'utf8'))?.[1] ?? document

const decisions: DefaultTheme.SidebarItem[] = ofDocs
  .filter((name) => name.startsWith('decisions/'))
  .sort()
  .map((name) => ({ text: titleOf(`docs/${name}`), link: `/${name}` }))

const sidebar: DefaultTheme.SidebarItem[] = [
  {
    text: 'Start',
    items: [
      { text: 'Quick start', link: '/quick-start' },
      { text: 'How HaBa works', link: '/how-it-works' },
      { text: 'Choose objective and set', link: '/choosing' },
    ],
  },
  {
    text: 'Use',
    items: [
      { text: 'Your own data', link: '/own-data' },
      { text: 'Your own method', link: '/extending' },
      { text: 'Protocols and budgets', link: '/protocols' },
      { text: 'Performance', link: '/performance' },
      { text: 'Engines and GPUs', link: '/engines' },
      { text: 'Troubleshooting', link: '/troubleshooting' },
    ],
  },
  {
    text: 'Results',
    items: [
      { text: 'Methods and what was run', link: '/methods' },
      { text: 'The map: accuracy by bytes', link: '/map' },
      { text: "Papers' tables", link: '/reproduction' },
      { text: 'Benchmark', link: '/benchmark' },
      { text: 'Reliability', link: '/reliability' },
      { text: 'Sizes of packages', link: '/sizes' },
    ],
  },
  {
    text: 'Reference',
    items: [
      { text: 'Architecture and glossary', link: '/architecture' },
      { text: 'Contributing', link: '/contributing' },
      { text: 'Security', link: '/security' },
      { text: 'Renamed things', link: '/migration' },
      { text: 'Licenses', link: '/licenses' },
      {
        text: 'Packages',
        collapsed: true,
        items: ofPackages.map((name) => ({ text: `@haba/${name}`, link: `/packages/${name}` })),
      },
      { text: 'Decisions', collapsed: true, items: decisions },
    ],
  },
]

const nav: DefaultTheme.NavItem[] = [
  { text: 'Quick start', link: '/quick-start' },
  { text: 'Troubleshooting', link: '/troubleshooting' },
  ...(existsSync(api) ? [{ text: 'API', link: '/api/index.html', target: '_self' }] : []),
]

/** Pictures that come for light and for dark pages, marked as GitHub has it. */
const pictures = `img[src$="#gh-dark-mode-only"], .dark img[src$="#gh-light-mode-only"] { display: none }
.dark img[src$="#gh-dark-mode-only"] { display: inline }`

export default defineConfig({
  title: 'haba',
  description: 'Dataset distillation by factorization: bases and hallucinators, any matching objective',
  srcDir: root,
  srcExclude: [
    ...readdirSync(root, { withFileTypes: true })
      .filter((entry) => !pages.has(entry.name) && !['docs', 'packages'].includes(entry.name))
      .map((entry) => (entry.isDirectory() ? `${entry.name}/**` : entry.name)),
    ...['docs/api/**', 'packages/*/*/**', 'packages/*/CHANGELOG.md'],
  ],
  rewrites: Object.fromEntries(pages),
  outDir: join(import.meta.dirname, 'dist'),
  head: [
    ['link', { rel: 'icon', href: 'data:,' }],
    ['style', {}, pictures],
  ],
  locales: {
    root: { label: 'English', lang: 'en' },
    zh: {
      label: '中文',
      lang: 'zh-CN',
      link: '/zh/quick-start',
      description: '通过因子分解的数据集蒸馏：基与幻构器，适用于任意匹配目标',
      themeConfig: {
        nav: [{ text: 'English', link: '/quick-start' }],
        sidebar: [{ text: '快速上手', link: '/zh/quick-start' }],
        outline: { level: [2, 3], label: '本页目录' },
        docFooter: { prev: false, next: false },
        darkModeSwitchLabel: '深色模式',
        sidebarMenuLabel: '目录',
        returnToTopLabel: '回到顶部',
      },
    },
  },
  themeConfig: {
    nav,
    sidebar,
    outline: { level: [2, 3] },
    // Only one page is in both languages.
    i18nRouting: false,
    search: { provider: 'local' },
  },
  markdown: {
    anchor: { slugify },
    config: (md) => {
      md.core.ruler.push('links-of-documents', ({ tokens, env }) => {
        const { realPath } = env as { readonly realPath?: string }
        // The index of the search has no use for links.
        if (realPath === undefined) return
        for (const token of tokens.flatMap(({ children }) => children ?? [])) {
          const href = token.type === 'link_open' ? token.attrGet('href') : null
          if (href !== null) token.attrSet('href', inSite(href, realPath))
        }
      })
    },
  },
  buildEnd({ outDir, site }) {
    if (existsSync(api)) cpSync(api, join(outDir, 'api'), { recursive: true })
    const broken = brokenLinks(outDir, site.base)
    if (broken.length > 0) throw new Error(broken.join('\n'))
  },
})
