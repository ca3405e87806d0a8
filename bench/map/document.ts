import { join } from 'node:path'
import { root } from '../../tools/packages.js'
import { markdownText } from '../formatted.js'
import { markdownTable } from '../markdown-table.js'
import { ablationBytes, ablations, ablationSteps } from './ablations.js'
import { codecs, budgets, bytesAllowed, datasets, objectives, parameterizations, titles } from './axes.js'
import { cells, gridName, realName, realStorages } from './cells.js'
import { bytesChart, type ChartPoint } from './chart.js'
import {
  accuracy,
  best,
  budgetText,
  codecText,
  count,
  grid,
  inBudget,
  measuredIn,
  nameOf,
  percent,
  realRows,
  type DatasetName,
  type Results,
} from './figures.js'
import { introduction, settings } from './introduction.js'
import { ratesOf, searchedRates } from './rates.js'
import { tooLarge } from './order.js'
import { measuredOf, readMapResults, summaryOf, type Summary } from './result.js'

/** Where the document lies. */
export const mapFile = join(root, 'docs/map.md')

/** The best set of each budget, and the best real images beside it. */
function bestTable(results: Results): string {
  const lines = datasets.flatMap((dataset) =>
    budgets.map((budget) => {
      const set = best(measuredIn(results, dataset, budget))
      const real = best(realRows(results, dataset, budget))
      return [
        titles[dataset],
        budgetText(dataset, budget),
        set ? nameOf(set.cell) : 'not run',
        set ? accuracy(set.summary) : '',
        set ? count(set.summary.bytes) : '',
        real ? `${real.name}: ${accuracy(real.summary)}` : 'not run',
      ]
    }),
  )
  return markdownTable(['dataset', 'budget', 'best set', 'accuracy', 'bytes', 'best real images'], lines)
}

/** HaBa beside pixels, by objective and codec, at equal bytes. */
function againstPixels(results: Results): string {
  const lines = datasets.flatMap((dataset) =>
    budgets.flatMap((budget) =>
      objectives.flatMap((objective) =>
        codecs.map((codec) => {
          const of = (parameterization: 'pixels' | 'haba-released' | 'haba-repaired') => {
            const found = results.get(gridName({ dataset, budget, objective, of: parameterization, codec }))
            return found && summaryOf(found)
          }
          const [pixels, released, repaired] = [of('pixels'), of('haba-released'), of('haba-repaired')]
          if (!pixels || !repaired) return undefined
          return [
            titles[dataset],
            count(bytesAllowed(dataset, budget)),
            titles[objective],
            codecText(codec),
            accuracy(pixels),
            released ? accuracy(released) : '',
            accuracy(repaired),
            difference(repaired, pixels),
          ]
        }),
      ),
    ),
  )
  const told = lines.filter((line) => line !== undefined)
  if (told.length === 0) return 'No pair of cells was run yet.'
  return markdownTable(
    ['dataset', 'bytes', 'objective', 'codec', 'pixels', 'HaBa, released', 'HaBa, repaired', 'repaired − pixels'],
    told,
  )
}

/** A difference in points, and whether it is more than both intervals. */
function difference(a: Summary, b: Summary): string {
  const points = a.mean - b.mean
  const sign = points < 0 ? '−' : '+'
  const clear = Math.abs(points) > a.half + b.half
  return `${sign}${percent(Math.abs(points))}${clear ? '' : ' (within the intervals)'}`
}

function equalImages(results: Results): string {
  const [haba, pixels] = ['ablation-reference', 'ablation-pixels-as-many-images'].map((name) => results.get(name))
  if (!haba || !pixels) return 'At an equal number of images: not run (`ablation-pixels-as-many-images`).'
  const [own, many] = [summaryOf(haba)!, summaryOf(pixels)!]
  return (
    `At an equal number of images (MNIST, DM, ${count(haba.images)} and ${count(pixels.images)}): HaBa ${accuracy(own)} from ${count(own.bytes)} bytes, pixels ` +
    `${accuracy(many)} from ${count(many.bytes)} bytes.`
  )
}

/** Every cell of one dataset and budget. */
function gridTable(dataset: DatasetName, budget: number, results: Results): string {
  const own = grid.filter(inBudget(dataset, budget))
  const lines = own.map((cell) => {
    const result = results.get(cell.name)
    const summary = result && summaryOf(result)
    const what = [titles[cell.objective], titles[cell.of], codecText(cell.codec)]
    if (!result || !summary)
      return [
        ...what,
        tooLarge.has(cell.name) ? 'does not fit' : 'not run',
        ...Array<string>(7).fill(''),
        `\`${cell.name}\``,
      ]
    return [
      ...what,
      accuracy(summary),
      summary.means.map(percent).join(', '),
      `${count(summary.bytes)}${summary.bytes > cell.bytes ? ' (more than allowed)' : ''}`,
      count(result.items),
      count(result.images),
      `${count(result.config.steps)}`,
      `${count(result.config.evaluate.epochs)}`,
      `${(result.seconds / 60).toFixed(0)}${result.searched ? '' : ', rates not searched'}`,
      `\`${cell.name}\``,
    ]
  })
  const head = ['objective', 'set', 'codec', 'accuracy', 'each seed', 'bytes', 'items', 'images', 'steps', 'epochs', 'minutes', 'cell'] // prettier-ignore
  return markdownTable(head, lines)
}

function realTable(results: Results): string {
  const lines = datasets.flatMap((dataset) =>
    budgets.flatMap((budget) => {
      const rows = realRows(results, dataset, budget)
      const about = [titles[dataset], count(bytesAllowed(dataset, budget))]
      const cell = realStorages.map((stored) => `\`${realName(dataset, budget, stored)}\``).join(', ')
      if (rows.length === 0) return [[...about, 'random, herding, k-means', 'not run', '', cell]]
      return rows.map(({ name, summary }) => [...about, name, accuracy(summary), count(summary.bytes), cell])
    }),
  )
  return markdownTable(['dataset', 'budget', 'real images', 'accuracy', 'bytes', 'cell'], lines)
}

/** Networks that the sets were not made for. */
function othersTable(dataset: DatasetName, results: Results): string {
  const measured = measuredOf(
    grid.filter((cell) => cell.dataset === dataset),
    results,
  ).filter(({ result }) => result.others.length > 0)
  if (measured.length === 0) return 'Not run.'
  const networks = [...new Set(measured.flatMap(({ result }) => result.others.map(({ network }) => network)))]
  const lines = measured.map(({ cell, result, summary }) => [
    nameOf(cell),
    count(cell.bytes),
    percent(summary.mean),
    ...networks.map((network) => {
      const own = result.others.find((other) => other.network === network)
      return own ? own.accuracies.map(percent).join(', ') : ''
    }),
  ])
  return markdownTable(['set', 'budget', `ConvNet`, ...networks], lines)
}

function ablationSections(results: Results): readonly string[] {
  const questions = [...new Set(ablations.map(({ question }) => question))]
  return questions.map((question) => {
    const lines = ablations
      .filter((ablation) => ablation.question === question)
      .map(({ answer, cell }) => {
        const result = results.get(cell.name)
        const summary = result && summaryOf(result)
        return [
          answer,
          summary ? accuracy(summary) : 'not run',
          count(summary?.bytes ?? cell.bytes),
          result ? `${count(result.items)}, ${count(result.images)}` : '',
          `\`${cell.name}\``,
        ]
      })
    return `\n### ${question}\n\n${markdownTable(['set', 'accuracy', 'bytes', 'items, images', 'cell'], lines)}`
  })
}

function ratesTable(): string {
  const lines = Object.entries(searchedRates()).map(([key, { rates, how, trials }]) => [
    `\`${key}\``,
    Object.entries(rates)
      .map(([name, rate]) => `${name} ${rate}`)
      .join(', '),
    trials
      .map(
        (trial) =>
          `${Object.values(trial.rates).join(' / ')}: ${percent(trial.validation)}${trial.strength === undefined ? '' : ` (× ${trial.strength})`}`,
      )
      .join('; '),
    how,
  ])
  if (lines.length === 0)
    return 'No search was run yet: cells have the rates where searches start, and their results say so.'
  return markdownTable(['of', 'chosen', 'tried: validation accuracy (RMS ratio)', 'how'], lines)
}

/** Cells whose rates come from no search, by what they share. */
const unsearched = (results: Results): readonly string[] => {
  const used = measuredOf(cells, results).filter(({ cell, result }) => cell.group !== 'real' && !result.searched)
  return [...new Set(used.map(({ cell }) => `${cell.dataset}-${cell.objective}-${cell.of}`))].filter(
    (key) => !ratesOf(keyed(key)).searched,
  )
}

const keyed = (key: string) => cells.find((cell) => `${cell.dataset}-${cell.objective}-${cell.of}` === key)!

const chartName = (dataset: DatasetName) => `map-${dataset}.svg`

/** The best of each parameterization at each budget, and real images. */
function chartPoints(dataset: DatasetName, results: Results): readonly ChartPoint[] {
  return budgets.flatMap((budget) => {
    const measured = measuredIn(results, dataset, budget)
    const sets = parameterizations.flatMap((of) => {
      const own = best(measured.filter(({ cell }) => cell.of === of))
      return own ? [{ ...own.summary, series: titles[of], real: false }] : []
    })
    const real = realRows(results, dataset, budget).map(({ name, summary }) => ({
      ...summary,
      series: name,
      real: true,
    }))
    return [...sets, ...real]
  })
}

/** The datasets of which something was measured. */
const drawnDatasets = (results: Results): readonly DatasetName[] =>
  datasets.filter((dataset) => chartPoints(dataset, results).length > 0)

const altText = (dataset: DatasetName) => `${titles[dataset]}: test accuracy by stored bytes`

/** A chart of each dataset of which something was measured, by its file. */
export async function mapCharts(results?: Results): Promise<ReadonlyMap<string, string>> {
  const known = results ?? (await readMapResults())
  return new Map(
    drawnDatasets(known).map((dataset) => [
      join(root, 'docs', chartName(dataset)),
      bytesChart(altText(dataset), chartPoints(dataset, known)),
    ]),
  )
}

/** The README's part: the best set of each budget, and the charts. */
export async function readmePart(results?: Results): Promise<string> {
  const known = results ?? (await readMapResults())
  const drawn = drawnDatasets(known)
  if (drawn.length === 0) return 'The map of [docs/map.md](docs/map.md) is still empty: `npm run map` fills it.'
  return [...drawn.map((dataset) => `![${altText(dataset)}](docs/${chartName(dataset)})`), '', bestTable(known)].join(
    '\n',
  )
}

/** The document, as the formatter leaves it. */
export async function mapText(results?: Results): Promise<string> {
  const known = results ?? (await readMapResults())
  const measured = measuredOf(cells, known)
  const seconds = measured.reduce((sum, { result }) => sum + result.seconds, 0)
  const guessed = unsearched(known)
  const sections = [
    introduction({ cells: cells.length, measured: measured.length, hours: seconds / 3600 }),
    bestTable(known),
    ...drawnDatasets(known).map((dataset) => `\n![${altText(dataset)}](${chartName(dataset)})`),
    '\n## HaBa against pixels\n',
    againstPixels(known),
    `\n${equalImages(known)}`,
    '\n## Every cell\n',
    ...datasets.flatMap((dataset) =>
      budgets.flatMap((budget) => [
        `\n### ${titles[dataset]}, ${budgetText(dataset, budget)}\n`,
        gridTable(dataset, budget, known),
      ]),
    ),
    '\n## Other networks\n',
    'The set of the first seed, one network of each kind, percent; ConvNet: the mean of the table above.\n',
    ...datasets.flatMap((dataset) => [`\n### ${titles[dataset]}: other networks\n`, othersTable(dataset, known)]),
    '\n## Real images\n',
    realTable(known),
    '\n## Ablations\n',
    `MNIST, DM, ConvNet-3-32, ${ablationSteps} steps, at most ${count(ablationBytes)} bytes and no codec unless a line says otherwise.`,
    ...ablationSections(known),
    '\n## Rates\n',
    ratesTable(),
    ...(guessed.length > 0 ? [`\nNot searched yet: ${guessed.map((key) => `\`${key}\``).join(', ')}.`] : []),
    settings(),
  ]
  return markdownText(sections.join('\n'))
}
