import { HabaError, type StorageReport } from '@haba/core'
import { gallerySection, snapshotSection } from './gallery-sections.js'
import { html, type Html } from './html.js'
import type { Metrics } from './metrics.js'
import * as numbers from './numbers.js'
import { page } from './page.js'
import type { Picture } from './picture.js'
import { accuracyPoints, curve } from './plots.js'
import { settingsSection } from './settings-section.js'
import { accuracySection, storageSection } from './result-sections.js'
import { usesSections } from './use-sections.js'
import type { Uses } from './uses.js'

/** The test accuracy of one training set under the run's protocol. */
export interface Accuracy {
  readonly name: string
  /**
   * `set` is what this run distilled (exactly one), `baseline` what it is compared with.
   * @default 'baseline'
   */
  readonly role?: 'set' | 'baseline'
  /** Stored 32-bit numbers. */
  readonly floats: number
  readonly bytes: number
  /** The mean over runs, `0 … 1`. */
  readonly mean: number
  /** The standard deviation over runs, `0 … 1`. */
  readonly std: number
  /** How many students were trained. */
  readonly runs: number
  /** What students of other kinds reach. @default none */
  readonly others?: readonly { readonly network: string; readonly mean: number; readonly std: number }[]
  readonly note?: string
}

/** One slot of the set, in pictures. */
export interface GallerySlot {
  readonly className: string
  readonly slot: number
  /** What is stored; left out for plain pixels. */
  readonly basis?: Picture
  /** What it is rendered to, a picture per view. */
  readonly views: readonly Picture[]
}

/** The pictures of a set: every basis with its images. */
export interface Gallery {
  /** Class by class. */
  readonly slots: readonly GallerySlot[]
  /** How many slots the set has, where not all are shown. */
  readonly stored?: number
  /** What was done to bases and images to show them (`toPixels` says it). */
  readonly caption?: string
}

/** One picture of the set as it changed over the run. */
export interface Snapshot {
  readonly className: string
  readonly slot: number
  readonly view: number
  readonly frames: readonly { readonly step: number; readonly picture: Picture }[]
}

/** All that the page of one run shows, as plain data. */
export interface RunPage {
  readonly title: string
  /** One or two sentences: what was distilled, how, from what. */
  readonly summary: string
  /** The run's random key, as written in its manifest. */
  readonly key: string
  readonly accuracies: readonly Accuracy[]
  readonly storage: StorageReport & {
    /** What the set may cost: `{ name: '10 images per class', bytes: 1_228_800 }`. */
    readonly budget?: { readonly name: string; readonly bytes: number }
  }
  readonly gallery: Gallery
  /** What every step measured, as `readMetrics` gives it; a curve for each name. */
  readonly metrics: readonly Metrics[]
  /** Accuracy along the way, `0 … 1`. */
  readonly evaluations?: readonly { readonly step: number; readonly mean: number; readonly std: number }[]
  readonly snapshots?: readonly Snapshot[]
  /** Other networks, classes in steps, architecture search: what was measured of it. */
  readonly uses?: Uses
  /** Tables by title (`protocol`, `objective`, …); nested records become dotted names. */
  readonly settings: Readonly<Record<string, Readonly<Record<string, unknown>>>>
  readonly versions: Readonly<Record<string, string>>
}

/** The page of one run: one HTML file that needs no network, no script and no font of its own. */
export function runPage(run: RunPage): string {
  const set = run.accuracies.filter((accuracy) => accuracy.role === 'set')
  if (set.length !== 1)
    throw new HabaError(
      'runPage',
      "exactly one accuracy with role 'set'",
      String(set.length),
      "Mark the distilled set's accuracy with role: 'set', and no other.",
    )
  const body = html`<header>
      <h1>${run.title}</h1>
      <p class="lead">${run.summary}</p>
      ${headline(run, set[0]!)}
    </header>
    <main>
      ${accuracySection(run.accuracies)} ${storageSection(run.storage)} ${gallerySection(run.gallery)}
      ${curvesSection(run)} ${snapshotSection(run.snapshots ?? [])} ${usesSections(run.uses ?? {})}
      ${settingsSection(run)}
    </main>`
  return page(run.title, body)
}

function headline(run: RunPage, set: Accuracy): Html {
  const fact = (name: string, value: string, note: string) =>
    html`<div>
      <dt>${name}</dt>
      <dd>${value} <small>${note}</small></dd>
    </div>`
  const { budget, floats, bytes } = run.storage
  const stored = budget ? `${numbers.percent(bytes / budget.bytes)} of ${budget.name}` : `${numbers.count(bytes)} bytes`
  return html`<dl class="facts">
    ${fact('Test accuracy', numbers.spread(set.mean, set.std), `mean ± std of ${set.runs} student${set.runs === 1 ? '' : 's'}`)}
    ${fact('Stored', numbers.bytes(bytes), stored)}
    ${fact('Values', numbers.count(floats), `${((8 * bytes) / Math.max(1, floats)).toFixed(2)} bits each`)}
    ${fact('Steps', numbers.count(run.metrics.at(-1)?.step ?? 0), 'of distillation')}
  </dl>`
}

function curvesSection({ metrics, evaluations = [] }: RunPage): Html {
  const names = [...new Set(metrics.flatMap(Object.keys))].filter((name) => name !== 'step')
  const curves = names.map((name) => {
    const points = metrics.flatMap(({ step, [name]: value }) => (value === undefined ? [] : [{ step, value }]))
    return html`<figure class="plot">${curve({ name, points })}</figure>`
  })
  if (curves.length === 0 && evaluations.length === 0) return html``
  return html`<section id="curves">
    <h2>Over the run</h2>
    <p>
      Long curves are drawn as means over neighbouring steps, with a band from the least to the greatest. Accuracies
      have a bar of one standard deviation to either side.
    </p>
    <div class="plots">
      ${evaluations.length > 0 ? html`<figure class="plot">${accuracyPoints(evaluations)}</figure>` : undefined}
      ${curves}
    </div>
  </section>`
}
