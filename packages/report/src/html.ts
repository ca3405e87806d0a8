/** Markup that is safe to insert into a page. */
export interface Html {
  readonly html: string
}

type Part = Html | string | number | undefined | readonly Part[]

/** Fills a template; everything that is not `Html` is escaped, so that data cannot become markup. */
export function html(text: TemplateStringsArray, ...parts: readonly Part[]): Html {
  return { html: text.map((piece, at) => piece + fill(parts[at])).join('') }
}

/** Marks text as safe markup: drawings of a library, and this package's style. */
export const trusted = (markup: string): Html => ({ html: markup })

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

function fill(part: Part): string {
  if (part === undefined) return ''
  if (typeof part === 'number' || typeof part === 'string')
    return String(part).replace(/[&<>"']/g, (character) => entities[character]!)
  return 'html' in part ? part.html : part.map(fill).join('')
}
