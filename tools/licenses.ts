/** `npm run licenses`: writes `docs/licenses.md`, the licenses of everything that is installed with our packages. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { format, resolveConfig } from 'prettier'
import { packages, root } from './packages.js'

/** A package as `package-lock.json` tells it. */
interface Locked {
  readonly version?: string
  readonly license?: string
  readonly link?: boolean
  readonly dependencies?: Readonly<Record<string, string>>
  readonly optionalDependencies?: Readonly<Record<string, string>>
  readonly peerDependencies?: Readonly<Record<string, string>>
  readonly peerDependenciesMeta?: Readonly<Record<string, { readonly optional?: boolean }>>
}

/** Something that is installed with ours. */
interface Installed {
  readonly name: string
  readonly version: string
  readonly license: string
  /** Its folder, from the root of the repository. */
  readonly place: string
}

/** Licenses that let everybody use, change and pass on what ships, also in works under other licenses. */
export const permissive = [
  '0BSD',
  'Apache-2.0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'BlueOak-1.0.0',
  'CC0-1.0',
  'ISC',
  'MIT',
  'OFL-1.1',
  'Unlicense',
]

/** Why what is under another license may ship all the same, by the beginning of names. */
export const explained: Readonly<Record<string, string>> = {
  '@img/sharp-':
    'The image library of sharp, libvips, is a shared library under the LGPL: it is linked when it runs and can be exchanged. ' +
    'Each platform installs its own.',
}

/** All of ours but `@haba/testing`, which tests of plugins need. */
const ours = () =>
  packages()
    .filter(({ manifest }) => manifest.name !== '@haba/testing')
    .map(({ folder }) => folder)

/**
 * Every package that is installed with ours, by name; of `optional` ones those of all platforms.
 *
 * @param folders the folders of ours, under `packages` @default all but `@haba/testing`
 */
export function installed(folders = ours()): readonly Installed[] {
  const { packages: locked } = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')) as {
    readonly packages: Readonly<Record<string, Locked>>
  }
  const found = new Map<string, Installed>()
  const seen = new Set<string>()
  /** As Node looks for packages: in the folder itself, then in those above. */
  const locate = (from: string, name: string): string | undefined => {
    for (let at = from; ; at = at.includes('/') ? at.slice(0, at.lastIndexOf('/')) : '') {
      const place = at === '' ? `node_modules/${name}` : `${at}/node_modules/${name}`
      if (locked[place]) return place
      if (at === '') return undefined
    }
  }
  const visit = (place: string): void => {
    if (seen.has(place)) return
    seen.add(place)
    const own = locked[place]!
    if (own.link) return
    const name = place.slice(place.lastIndexOf('node_modules/') + 'node_modules/'.length)
    if (place.includes('node_modules/')) {
      const one = { name, version: own.version!, license: own.license ?? licenseIn(place), place }
      found.set(`${one.name} ${one.version}`, one)
    }
    const peers = Object.keys(own.peerDependencies ?? {}).filter((peer) => !own.peerDependenciesMeta?.[peer]?.optional)
    const needed = [...Object.keys({ ...own.dependencies, ...own.optionalDependencies }), ...peers]
    for (const other of needed) {
      const next = locate(place, other)
      if (next) visit(next)
    }
  }
  for (const folder of folders) visit(`packages/${folder}`)
  return [...found.values()].sort((a, b) => (`${a.name} ${a.version}` < `${b.name} ${b.version}` ? -1 : 1))
}

/** What a package says itself, where the lock file says nothing. */
function licenseIn(place: string): string {
  const file = join(root, place, 'package.json')
  if (!existsSync(file)) return 'not told'
  const { license } = JSON.parse(readFileSync(file, 'utf8')) as { readonly license?: unknown }
  return typeof license === 'string' ? license : 'not told'
}

/** `docs/licenses.md`. */
export async function licensesText(all: readonly Installed[]): Promise<string> {
  const counts = new Map<string, number>()
  for (const { license } of all) counts.set(license, (counts.get(license) ?? 0) + 1)
  const rows = (cells: readonly (readonly string[])[]) => cells.map((line) => `| ${line.join(' | ')} |`).join('\n')
  const text = `# Licenses of what is installed with haba

haba itself is under Apache-2.0 (\`LICENSE\`). Its packages, but for \`@haba/testing\`, need these
${all.length} packages of others, of all platforms together.
\`npm run licenses\` writes this page from \`package-lock.json\`; a test compares both and refuses licenses that are not listed
in \`tools/licenses.ts\`.

${rows([['license', 'packages'], ['---', '---:'], ...[...counts].sort(([a], [b]) => (a < b ? -1 : 1)).map(([license, count]) => [license, `${count}`])])}

${Object.entries(explained)
  .map(([name, why]) => `\`${name}…\`: ${why}`)
  .join('\n\n')}

${rows([['package', 'version', 'license'], ['---', '---', '---'], ...all.map(({ name, version, license }) => [name, version, license])])}
`
  return await format(text, { ...(await resolveConfig(join(root, 'docs/licenses.md'))), parser: 'markdown' })
}

if (process.argv[1] === import.meta.filename)
  writeFileSync(join(root, 'docs/licenses.md'), await licensesText(installed()))
