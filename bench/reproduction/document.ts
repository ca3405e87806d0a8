import { existsSync } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { root } from '../../tools/packages.js'
import { ablations, cellName, cells, type Cell } from './cells.js'
import { budgets, type CellBudget } from './cell-budgets.js'
import { chart, curveTable } from './curves.js'
import {
  architectures,
  crossArchitecture,
  published,
  sizes,
  sources,
  type DatasetName,
  type Source,
} from './published.js'
import type { Accuracy, CellResult } from './result.js'
import { markdownText } from '../formatted.js'
import { introduction } from './introduction.js'
import { markdownTable } from '../markdown-table.js'

/** Where the document lies. */
export const documentFile = join(root, 'docs/reproduction.md')
/** Run folders under version control, of cells that take longer than one sitting. */
const unfinished = 'bench/reproduction/unfinished'

const titles: Readonly<Record<DatasetName, string>> = {
  mnist: 'MNIST, one image a class',
  cifar10: 'CIFAR-10',
  cifar100: 'CIFAR-100',
  svhn: 'SVHN',
}

/** In the order of the document. */
const datasets = Object.keys(published) as readonly DatasetName[]

const words: Readonly<Record<string, string>> = {
  random: 'random',
  herding: 'herding',
  kCenter: 'k-center',
  forgetting: 'forgetting',
  'cafe-dsa': 'CAFE + DSA',
  'idc-i': 'IDC-I',
  haba: 'HaBa',
  'haba-per-class': 'HaBa, hallucinators a class',
  'haba-gray': 'HaBa, single-channel bases',
}
const title = (method: string) => words[method] ?? method.toUpperCase()

type Results = ReadonlyMap<string, CellResult>

/** All that was measured, by cell. */
async function readResults(): Promise<Results> {
  const folder = join(root, 'bench/reproduction/results')
  const files = (await readdir(folder).catch(() => [])).filter((file) => file.endsWith('.json')).sort()
  const read = files.map(async (file) => JSON.parse(await readFile(join(folder, file), 'utf8')) as CellResult)
  return new Map((await Promise.all(read)).map((result) => [result.name, result]))
}

const percent = ({ mean, std }: Accuracy) => `${(100 * mean).toFixed(1)} ± ${(100 * std).toFixed(1)}`
const count = (n: number) => n.toLocaleString('en-US')

/** How far a cell came. */
function statusOf({ config }: Cell, result: CellResult | undefined): string {
  if (!result) return 'not run'
  const { done, of } = result.iterations
  return done === config.steps ? 'measured' : `partly (${count(done)} of ${count(of)} iterations)`
}

const stored = ({ floats, imagesPerClass }: CellBudget) => [count(floats), imagesPerClass.toFixed(2)]
const readIn = (from: readonly Source[]) => from.join(', ')
const cellNamed = new Map(cells.map((cell) => [cell.name, cell]))

/** What a cell measured: of its set, or of the real images that a row chose. */
const measured = (method: string, coreset: boolean, result: CellResult | undefined): Accuracy | undefined =>
  coreset ? result?.real[method] : result?.curve.at(-1)

function datasetTable(dataset: DatasetName, results: Results, budgetOf: ReadonlyMap<string, CellBudget>): string {
  const head = ['method', 'images', 'floats', 'as images', 'published', 'from', 'ours', 'random', 'status', 'cell']
  const lines = published[dataset].flatMap(({ method, values, sources: from }) =>
    values.map((value, i) => {
      const size = sizes[i]!
      const coreset = !Object.hasOwn(methodsOf(dataset), method)
      const name = cellName(dataset, size, coreset ? 'coresets' : (method as Cell['method']))
      const cell = cellNamed.get(name)
      if (!cell) return undefined
      const result = results.get(name)
      const own = measured(method, coreset, result)
      const random = coreset ? undefined : result?.real['random']
      return [
        title(method),
        `${size}`,
        ...stored(budgetOf.get(name)!),
        value ?? '',
        readIn(from),
        own ? percent(own) : '',
        random ? percent(random) : '',
        statusOf(cell, result),
        name,
      ]
    }),
  )
  return markdownTable(
    head,
    lines.filter((line) => line !== undefined),
  )
}

/** The methods that have cells of their own for a dataset. */
const methodsOf = (dataset: DatasetName): Readonly<Record<string, true>> =>
  Object.fromEntries(
    cells.filter((cell) => cell.dataset === dataset && cell.method !== 'coresets').map(({ method }) => [method, true]),
  )

function crossTable(results: Results): string {
  const names = Object.entries(architectures)
  const lines = crossArchitecture.flatMap(({ size, method, values, sources: from }) =>
    names.map(([id, network], i) => {
      const name = cellName('cifar10', size, method)
      const result = results.get(name)
      const own = id === 'convnet' ? result?.curve.at(-1) : result?.networks[network]
      const after = own ? `partly (${count(own.iterations)} of ${count(result!.iterations.of)} iterations)` : 'not run'
      const done = own && own.iterations === result!.iterations.of
      return [
        title(method),
        `${size}`,
        network,
        values[i] ?? '',
        readIn(from),
        own ? percent(own) : '',
        done ? 'measured' : after,
        name,
      ]
    }),
  )
  return markdownTable(['method', 'images', 'network', 'published', 'from', 'ours', 'status', 'cell'], lines)
}

function ablationTable(results: Results, budgetOf: ReadonlyMap<string, CellBudget>): string {
  const lines = ablations.map(({ size, method, statement }) => {
    const name = cellName('cifar10', size, method)
    const own = results.get(name)?.curve.at(-1)
    const beside = results.get(cellName('cifar10', size, 'haba'))?.curve.at(-1)
    return [
      statement,
      ...stored(budgetOf.get(name)!),
      own ? percent(own) : '',
      beside ? `${percent(beside)}, after ${count(beside.iterations)}` : '',
      statusOf(cellNamed.get(name)!, results.get(name)),
      name,
    ]
  })
  return markdownTable(['the paper says', 'floats', 'as images', 'ours', 'HaBa', 'status', 'cell'], lines)
}

/** What was distilled for a data set, in the order of the cells. */
const distilled = (dataset: DatasetName, results: Results): readonly CellResult[] =>
  cells
    .filter((cell) => cell.dataset === dataset && cell.method !== 'coresets')
    .flatMap(({ name }) => results.get(name) ?? [])

const chartName = (dataset: DatasetName) => `reproduction-${dataset}.svg`

/** The chart of a data set, and what its curves were measured on. */
function curves(dataset: DatasetName, results: readonly CellResult[]): readonly string[] {
  if (results.length === 0) return []
  const kept = (name: string) => (existsSync(join(root, unfinished, name)) ? unfinished : undefined)
  return [
    `![${titles[dataset]}: test accuracy by iterations](${chartName(dataset)})`,
    ...results.map((result) => curveTable(result, kept(result.name))),
  ]
}

/** What is not as published, cell by cell with the same words in one line. */
function notes(): string {
  const all = [...new Set(cells.flatMap(({ note }) => note ?? []))]
  const named = (note: string) => cells.filter((cell) => cell.note === note).map(({ name }) => `\`${name}\``)
  return all.map((note) => `- ${named(note).join(', ')}: ${note}.`).join('\n')
}

/** The document, as the formatter leaves it. */
export async function documentText(): Promise<string> {
  const results = await readResults()
  const budgetOf = await budgets()
  const run = cells.filter(({ name }) => results.has(name))
  const sections = [
    introduction(cells.length, run.length),
    '## Where published numbers were read\n',
    ...Object.entries(sources).map(([letter, where]) => `- **${letter}**: ${where}`),
    ...datasets.flatMap((dataset) => [`\n## ${titles[dataset]}\n`, datasetTable(dataset, results, budgetOf)]),
    '\n## Other networks\n',
    "CIFAR-10, tested also with networks that the set was not made with. The cells of HaBa's own table could not be read; with " +
      'AlexNet it is said to be up to 17.57 points over MTT.\n',
    crossTable(results),
    '\n## Ablations\n',
    'Numbers of the paper could not be read; what it says could.\n',
    ablationTable(results, budgetOf),
    '\n## Curves\n',
    ...datasets.flatMap((dataset) => curves(dataset, distilled(dataset, results))),
    '\n## Not as published, or not known\n',
    notes(),
  ]
  return markdownText(sections.join('\n'))
}

/** A picture of the curves of every data set that something was distilled for, by its file. */
export async function charts(): Promise<ReadonlyMap<string, string>> {
  const results = await readResults()
  const drawn = datasets.flatMap((dataset) => {
    const own = distilled(dataset, results)
    return own.length > 0 ? [[join(root, 'docs', chartName(dataset)), chart(own)] as const] : []
  })
  return new Map(drawn)
}
