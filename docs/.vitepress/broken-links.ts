import { existsSync, readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { parseHTML } from 'linkedom'

/** What a page loads while it opens; links that a reader follows are apart. */
const loading = 'script[src], img[src], source[srcset], iframe[src], link[href]:not([rel=canonical])'

/** One page as the browser gets it. */
function pageAt(path: string) {
  const { document } = parseHTML(readFileSync(path, 'utf8'))
  const values = (selector: string, name: string) =>
    Array.from(document.querySelectorAll(selector), (one) => one.getAttribute(name) ?? '')
  return {
    ids: new Set(values('[id]', 'id')),
    links: values('a[href]', 'href'),
    loaded: ['src', 'srcset', 'href'].flatMap((name) => values(loading, name)).filter((address) => address !== ''),
  }
}

/**
 * What is wrong in the pages of a built site, a line each: links to pages or headings that it does not have, and anything that a page would
 * load from another host.
 *
 * @param folder of the built site; what lies in its `api` is linked to, but typedoc's own
 * @param base of the site's addresses, with slashes around
 */
export function brokenLinks(folder: string, base: string): readonly string[] {
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort()
  const html = names.filter((name) => name.endsWith('.html') && !name.startsWith('api'))
  const pages = new Map(html.map((name) => [name, pageAt(join(folder, name))]))
  const wrong = (name: string, href: string): boolean => {
    const { host, pathname, hash } = new URL(href, `site://here${base}${name}`)
    if (host !== 'here') return false
    const path = decodeURI(pathname.slice(base.length)).replace(/(^|\/)$/, '$1index.html')
    const target = pages.get(path)
    return target ? hash !== '' && !target.ids.has(decodeURIComponent(hash.slice(1))) : !existsSync(join(folder, path))
  }
  return [...pages].flatMap(([name, { links, loaded }]) => [
    ...links.filter((href) => wrong(name, href)).map((href) => `${name}: nothing at ${href}`),
    ...loaded.filter((address) => /^([a-z]+:)?\/\//.test(address)).map((address) => `${name}: loads ${address}`),
  ])
}
