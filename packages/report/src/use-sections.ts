import { html, type Html } from './html.js'
import * as numbers from './numbers.js'
import { continualLines, rankLines, rankScatter } from './rank-plots.js'
import { table } from './table.js'
import type { ContinualResult, CrossAccuracy, SearchResult, Uses } from './uses.js'

/** Downstream tasks of the distilled set. */
export const usesSections = ({ cross = [], continual = [], search }: Uses, name?: string): Html =>
  html`${crossSection(cross)} ${continualSection(continual, name)} ${search ? searchSection(search, name) : undefined}`

/** The id of a section; a comparison has one section per run. */
const idOf = (id: string, name: string | undefined) => (name === undefined ? id : `${id}-${name.replace(/\W+/g, '-')}`)

const titled = (title: string, name: string | undefined) => (name === undefined ? title : `${title}: ${name}`)

/** Accuracies and rankings of the methods for each kind of network, by protocol. */
export function crossSection(accuracies: readonly CrossAccuracy[]): Html {
  if (accuracies.length === 0) return html``
  const protocols = [...new Set(accuracies.map(({ protocol }) => protocol))]
  return html`<section id="cross">
    <h2>Other networks</h2>
    <p>Mean ± standard deviation on the test set, and the 95 % interval of the mean for several networks.</p>
    ${protocols.map((protocol) => {
      const own = accuracies.filter((one) => one.protocol === protocol)
      return html`<div class="class">
        <h3>${protocol}</h3>
        ${crossTable(own)}
      </div>`
    })}
  </section>`
}

function crossTable(accuracies: readonly CrossAccuracy[]): Html {
  const networks = [...new Set(accuracies.map(({ network }) => network))]
  const methods = [...new Set(accuracies.map(({ method }) => method))]
  const cell = (method: string, network: string) => {
    const one = accuracies.find((each) => each.method === method && each.network === network)
    if (!one) return html`<td>–</td>`
    const half = one.halfInterval
    const bounds = half === undefined ? [] : [one.mean - half, one.mean + half].map((v) => Math.min(1, Math.max(0, v)))
    const interval = bounds.map((bound) => (100 * bound).toFixed(1)).join(' … ')
    return html`<td>
      ${numbers.spread(one.mean, one.std)} ${half === undefined ? undefined : html`<small>${interval}</small>`}
    </td>`
  }
  const plot = networks.length > 1 && methods.length > 1
  return html`${plot ? html`<figure class="plot wide">${rankLines(accuracies)}</figure>` : undefined}
  ${table(
    'Accuracy by network',
    ['Trained on', ...networks],
    methods.map(
      (method) =>
        html`<tr>
          <th scope="row">${method}</th>
          ${networks.map((network) => cell(method, network))}
        </tr>`,
    ),
  )}`
}

function continualSection(results: readonly ContinualResult[], name: string | undefined): Html {
  if (results.length === 0) return html``
  return html`<section id="${idOf('continual', name)}">
    <h2>${titled('Classes that arrive in steps', name)}</h2>
    <p>${results[0]!.summary}</p>
    <div class="plots">
      ${results.map(
        ({ steps, curves }) =>
          html`<figure class="plot">
            <h3>${steps} steps</h3>
            ${continualLines(curves)}
          </figure>`,
      )}
    </div>
  </section>`
}

const rho = (value: number | undefined) => (value === undefined ? 'all equal' : value.toFixed(2))

/** The networks of a search by their ranks, with Spearman's rank correlation. */
export function searchSection({ networks, correlations, summary }: SearchResult, name?: string): Html {
  const all = correlations.find(({ top }) => top === networks.length)
  const tops = correlations.map(({ top }) => top).filter((top) => 2 * top <= networks.length)
  const top = tops.length > 0 ? Math.max(...tops) : undefined
  const number = rho(all?.byTruth)
  return html`<section id="${idOf('search', name)}">
    <h2>${titled('Architecture search', name)}</h2>
    <p>${summary}</p>
    <figure class="plot wide">
      <h3>
        Spearman's rank correlation ${number}
        <small>${networks.length} networks; those with equal ranks are on the line</small>
      </h3>
      ${rankScatter(networks, top, number)}
    </figure>
    ${table(
      'Rank correlations',
      ['Rank correlation', 'Best by all data', 'Best by the set'],
      correlations.map(
        (one) =>
          html`<tr ${one.top === top ? html`class="own"` : undefined}>
            <th scope="row">${one.top === networks.length ? `All ${one.top}` : `Top ${one.top}`}</th>
            <td>${rho(one.byTruth)}</td>
            <td>${rho(one.byProxy)}</td>
          </tr>`,
      ),
    )}
  </section>`
}
