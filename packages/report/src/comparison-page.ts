import { checkArguments, HabaError, type StorageReport } from '@haba/core'
import { gallerySection } from './gallery-sections.js'
import { html, type Html } from './html.js'
import type { Metrics } from './metrics.js'
import * as numbers from './numbers.js'
import { page } from './page.js'
import { accuracyRanges, budgetBars, curves } from './plots.js'
import type { Gallery } from './run-data.js'
import { table } from './table.js'
import { crossSection, usesSections } from './use-sections.js'
import type { Uses } from './uses.js'

/** A run in a comparison. */
export interface ComparedRun {
  /** Unique among the runs. */
  readonly name: string
  /** One sentence: what was distilled, and how. */
  readonly summary: string
  /** How networks were trained on the set, in a few words. */
  readonly protocol: string
  /** The mean over networks, `0 … 1`. */
  readonly mean: number
  /** The standard deviation over networks, `0 … 1`. */
  readonly std: number
  readonly networks: number
  /** Test accuracy of training on all data, `0 … 1`, with a short note on the training; absent if not measured. */
  readonly fullData?: { readonly mean: number; readonly note: string }
  readonly storage: StorageReport
  readonly metrics: readonly Metrics[]
  readonly gallery: Gallery
  /** Downstream tasks; methods in `cross` are distinguished by their names. */
  readonly uses?: Uses
}

/** The accuracy of methods at the bytes of each run, measured or interpolated. */
export interface EqualBytes {
  readonly bytes: readonly number[]
  readonly methods: readonly {
    readonly name: string
    /** For each of `bytes`, `0 … 1`; undefined more than 1 % outside of the measured sizes. */
    readonly means: readonly (number | undefined)[]
  }[]
}

/** The contents of a comparison page. */
export interface ComparisonPage {
  readonly title: string
  /** At least two. */
  readonly runs: readonly ComparedRun[]
  readonly equalBytes?: EqualBytes
}

/** Says whether runs are comparable: how much their budgets differ, and whether their protocols agree. */
export function comparability(runs: readonly Pick<ComparedRun, 'name' | 'protocol' | 'storage'>[]): string {
  const least = runs.reduce((a, b) => (b.storage.bytes < a.storage.bytes ? b : a))
  const most = runs.reduce((a, b) => (b.storage.bytes > a.storage.bytes ? b : a))
  const [few, many] = [least.storage.bytes, most.storage.bytes]
  const budget =
    few === many
      ? `Equal budgets: ${numbers.count(few)} stored bytes each.`
      : `Budgets differ: ${most.name} stores ${numbers.count(many)} bytes, ${numbers.count(many - few)} ` +
        `(${numbers.percent(many / few - 1)}) more than ${least.name} with ${numbers.count(few)}.`
  const protocols = new Set(runs.map(({ protocol }) => protocol))
  return protocols.size === 1 ? budget : `${budget} Protocols differ: ${[...protocols].join('; ')}.`
}

/** Runs side by side, in one HTML file without scripts, fonts or network access. */
export function comparisonPage(options: ComparisonPage): string {
  const { title, runs, equalBytes } = checkArguments('comparisonPage', options, { title: 'text', runs: 'list' })
  const names = new Set(runs.map(({ name }) => name))
  if (runs.length < 2 || names.size < runs.length)
    throw new HabaError(
      'comparisonPage',
      'at least two runs with unique names',
      runs.map(({ name }) => name).join(', ') || 'none',
      'Give each run a different name.',
    )
  const body = html`<header>
      <h1>${title}</h1>
      <p class="lead">${comparability(runs)}</p>
    </header>
    <main>
      ${accuracies(runs)} ${equalBytes ? atEqualBytes(equalBytes) : undefined} ${budgets(runs)} ${overTheRuns(runs)}
      ${crossSection(runs.flatMap(({ uses }) => uses?.cross ?? []))}
      ${runs.map(({ name, uses = {} }) => usesSections({ ...uses, cross: [] }, name))}
      ${runs.map(({ name, gallery }, at) => gallerySection(gallery, { id: `gallery-${at}`, title: name }))}
    </main>`
  return page(title, body)
}

function accuracies(runs: readonly ComparedRun[]): Html {
  const best = Math.max(...runs.map(({ mean }) => mean))
  const rows = runs.map(
    ({ name, summary, protocol, mean, std, networks, fullData, storage }) =>
      html`<tr ${mean === best ? html`class="own"` : undefined}>
        <th scope="row">${name} <small>${summary}</small> <small>${protocol}</small></th>
        <td>${numbers.spread(mean, std)}</td>
        <td>${fullData ? shareOf(mean, fullData) : '–'}</td>
        <td>${numbers.count(storage.bytes)}</td>
        <td>${numbers.count(storage.floats)}</td>
        <td>${numbers.count(networks)}</td>
      </tr>`,
  )
  const columns = ['Run', 'Accuracy', 'Of full data', 'Bytes', 'Values', 'Networks']
  return html`<section id="accuracy">
    <h2>Accuracy</h2>
    <p>
      On the test set, mean ± standard deviation over networks trained from scratch. “Of full data” is the share of the
      accuracy with all training data, whose number of epochs may differ between runs.
    </p>
    <figure class="plot wide">${accuracyRanges(runs.map((run) => ({ ...run, own: run.mean === best })))}</figure>
    ${table('Accuracy table', columns, rows)}
  </section>`
}

const shareOf = (mean: number, full: NonNullable<ComparedRun['fullData']>): Html =>
  html`${numbers.percent(mean / full.mean)} <small>of ${numbers.percent(full.mean)}: ${full.note}</small>`

function atEqualBytes({ bytes, methods }: EqualBytes): Html {
  return html`<section id="equal-bytes">
    <h2>At equal bytes</h2>
    <p>
      Measured at these sizes (within 1 %), or interpolated linearly in the logarithm of bytes. There is no number
      outside of the measured sizes.
    </p>
    ${table(
      'Accuracy at equal bytes',
      ['Method', ...bytes.map((size) => `${numbers.count(size)} bytes`)],
      methods.map(
        ({ name, means }) =>
          html`<tr>
            <th scope="row">${name}</th>
            ${means.map((mean) => html`<td>${mean === undefined ? '–' : numbers.percent(mean)}</td>`)}
          </tr>`,
      ),
    )}
  </section>`
}

function budgets(runs: readonly ComparedRun[]): Html {
  return html`<section id="budget">
    <h2>Stored bytes</h2>
    <p>
      By part:
      ${runs.map(({ name, storage }) => `${name} ${storage.parts.map((part) => part.name).join(' + ')}`).join('; ')}.
    </p>
    <figure class="plot wide">${budgetBars(runs.map(({ name, storage }) => ({ name, parts: storage.parts })))}</figure>
  </section>`
}

/** Draws metrics that at least two runs have; losses are comparable only for the same objective. */
function overTheRuns(runs: readonly ComparedRun[]): Html {
  const namesOf = ({ metrics }: ComparedRun) => new Set(metrics.flatMap(Object.keys))
  const all = [...new Set(runs.flatMap((run) => [...namesOf(run)]))].filter((name) => name !== 'step')
  const shared = all.filter((name) => runs.filter((run) => namesOf(run).has(name)).length > 1)
  if (shared.length === 0) return html``
  const drawn = shared.map((name) => {
    const lines = runs.flatMap((run, at) => {
      const points = run.metrics.flatMap(({ step, [name]: value }) => (value === undefined ? [] : [{ step, value }]))
      return points.length > 0 ? [{ name: run.name, at, points }] : []
    })
    return html`<figure class="plot">${curves({ name, runs: lines })}</figure>`
  })
  return html`<section id="curves">
    <h2>Over the runs</h2>
    <p>Losses of different objectives are different quantities; compare only the shapes of their curves.</p>
    <div class="plots">${drawn}</div>
  </section>`
}
