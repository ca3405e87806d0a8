import { html, type Html } from './html.js'
import * as numbers from './numbers.js'
import { accuracyRanges } from './plots.js'
import type { Accuracy, RunPage } from './run-data.js'
import { table } from './table.js'

/** Accuracies side by side, as a drawing and as a table. */
export function accuracySection(accuracies: readonly Accuracy[]): Html {
  const own = accuracies.find((accuracy) => accuracy.role === 'set')
  const networks = [...new Set(accuracies.flatMap(({ others = [] }) => others.map(({ network }) => network)))]
  const other = ({ others = [] }: Accuracy, network: string) => {
    const found = others.find((one) => one.network === network)
    return html`<td>${found ? numbers.spread(found.mean, found.std) : '–'}</td>`
  }
  const rows = accuracies.map((accuracy) => {
    const { name, floats, bytes, mean, std, runs, note } = accuracy
    return html`<tr ${accuracy === own ? html`class="own"` : undefined}>
      <th scope="row">${name} ${note ? html`<small>${note}</small>` : undefined}</th>
      <td>${numbers.spread(mean, std)}</td>
      ${networks.map((network) => other(accuracy, network))}
      <td>${own && accuracy !== own ? numbers.points(own.mean - mean) : '–'}</td>
      <td>${numbers.count(bytes)}</td>
      <td>${numbers.count(floats)}</td>
      <td>${numbers.count(runs)}</td>
    </tr>`
  })
  return html`<section id="accuracy">
    <h2>Accuracy</h2>
    <p>On the test set, mean ± standard deviation over students trained from scratch under the protocol below.</p>
    <figure class="plot wide">
      ${accuracyRanges(accuracies.map((accuracy) => ({ ...accuracy, own: accuracy === own })))}
    </figure>
    ${table('Accuracy table', ['Trained on', 'Accuracy', ...networks, 'Gain, points', 'Bytes', 'Values', 'Students'], rows)}
  </section>`
}

/** Stored bytes by part, compared with the budget, if any. */
export function storageSection({ parts, floats, bytes, budget }: RunPage['storage']): Html {
  const full = Math.max(bytes, budget?.bytes ?? 0, 1)
  const bar = (of: number) =>
    html`<span class="bar"><span style="width:${((100 * of) / full).toFixed(2)}%"></span></span>`
  const row = (name: string, own: { readonly bytes: number; readonly floats?: number }, kind: string) =>
    html`<tr class="${kind}">
      <th scope="row">${name} ${bar(own.bytes)}</th>
      <td>${numbers.count(own.bytes)}</td>
      <td>${own.floats === undefined ? '–' : numbers.count(own.floats)}</td>
      <td>${numbers.percent(own.bytes / full)}</td>
    </tr>`
  const over = budget && bytes > budget.bytes ? `, ${numbers.count(bytes - budget.bytes)} over it` : ''
  return html`<section id="storage">
    <h2>Storage</h2>
    <p>
      ${numbers.count(bytes)} bytes (${numbers.count(8 * bytes)} bits) for ${numbers.count(floats)}
      values${budget ? `: ${numbers.percent(bytes / budget.bytes)} of ${budget.name}${over}` : ''}.
    </p>
    ${table(
      'Storage table',
      ['Part', 'Bytes', 'Values', 'Share'],
      [
        ...parts.map((part) => row(part.name, part, 'part')),
        row('Total', { floats, bytes }, 'total'),
        budget ? row(`Budget: ${budget.name}`, budget, 'budget') : undefined,
      ],
      'parts',
    )}
  </section>`
}
