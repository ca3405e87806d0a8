import { checkArguments, HabaError } from '@haba/core'
import { gallerySection, snapshotSection } from './gallery-sections.js'
import { html, type Html } from './html.js'
import * as numbers from './numbers.js'
import { page } from './page.js'
import { accuracyPoints, curve } from './plots.js'
import { settingsSection } from './settings-section.js'
import { accuracySection, storageSection } from './result-sections.js'
import type { Accuracy, RunPage } from './run-data.js'
import { usesSections } from './use-sections.js'

/** The page of one run, in one HTML file without scripts, fonts or network access. */
export function runPage(run: RunPage): string {
  checkArguments('runPage', run, {
    title: 'text',
    accuracies: 'list',
    storage: 'object',
    gallery: 'object',
    metrics: 'list',
    settings: 'object',
    versions: 'object',
  })
  const set = run.accuracies.filter((accuracy) => accuracy.role === 'set')
  if (set.length !== 1)
    throw new HabaError(
      'runPage',
      "exactly one accuracy with role 'set'",
      String(set.length),
      "Give role: 'set' to the accuracy of the distilled set, and to no other.",
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
      Long curves are drawn as means over neighboring steps, with a band from minimum to maximum. Accuracies have bars
      of ± one standard deviation.
    </p>
    <div class="plots">
      ${evaluations.length > 0 ? html`<figure class="plot">${accuracyPoints(evaluations)}</figure>` : undefined}
      ${curves}
    </div>
  </section>`
}
