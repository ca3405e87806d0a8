import { html, type Html } from './html.js'
import * as numbers from './numbers.js'
import type { RunPage } from './run-data.js'

/** Everything needed to repeat the run: key, tables of settings, versions. */
export function settingsSection({ key, settings, versions }: RunPage): Html {
  const tables = [...Object.entries(settings), ['versions', versions] as const]
  return html`<section id="settings">
    <h2>Protocol, settings and versions</h2>
    <p>Random key <code>${key}</code>. It fixes every random draw of the run.</p>
    <div class="tables">${tables.map(([title, entries]) => table(title, entries))}</div>
  </section>`
}

function table(title: string, entries: Readonly<Record<string, unknown>>): Html {
  const rows = Object.entries(entries).flatMap(([name, value]) => flatten(name, value))
  return html`<div class="scroll" tabindex="0" role="region" aria-label="${title}">
    <table class="settings">
      <caption>
        ${title}
      </caption>
      <tbody>
        ${rows.map(
          ([name, value]) =>
            html`<tr>
              <th scope="row">${name}</th>
              <td>${value}</td>
            </tr>`,
        )}
      </tbody>
    </table>
  </div>`
}

/** Names of nested records are joined by dots; lists of plain values stay on one line. */
function flatten(name: string, value: unknown): readonly (readonly [name: string, value: string])[] {
  if (typeof value === 'number') return [[name, Number.isInteger(value) ? String(value) : numbers.plain(value)]]
  if (Array.isArray(value) && value.every((item) => typeof item !== 'object'))
    return [[name, value.join(', ') || 'none']]
  if (typeof value !== 'object' || value === null) return [[name, value === undefined ? 'not set' : String(value)]]
  const inner = Object.entries(value)
  return inner.length === 0 ? [[name, 'none']] : inner.flatMap(([key, own]) => flatten(`${name}.${key}`, own))
}
