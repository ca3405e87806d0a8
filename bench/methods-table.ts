/** The tables of `docs/methods.md`, of the runs in `bench/results/methods`. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { root } from '../tools/packages.js'
import { markdownTable } from './markdown-table.js'

interface Row {
  readonly id: string
  readonly name: string
  readonly note: string
  readonly bytes: number
  readonly others?: readonly { readonly network: string; readonly mean: number; readonly std: number }[]
  readonly floats: number
  readonly mean: number
  readonly std: number
  readonly accuracies: readonly number[]
}

interface Run {
  readonly config: {
    readonly seed: number
    readonly steps: number
    readonly network: Readonly<Record<string, unknown>>
    readonly set: { readonly use: string }
    readonly evaluate: { readonly protocol: string; readonly epochs: number }
  }
  readonly result: { readonly name: string; readonly rows: readonly Row[] }
}

const folder = join(root, 'bench/results/methods')

const percent = ({ mean, std }: Pick<Row, 'mean' | 'std'>) => `${(100 * mean).toFixed(1)} ± ${(100 * std).toFixed(1)}`

/** The rows of `npm start`, as its terminal shows them. */
export function mainJobTable(): string {
  const { rows } = (JSON.parse(readFileSync(join(folder, 'mnist-haba.json'), 'utf8')) as Run).result
  const others = rows[0]!.others ?? []
  const lines = rows.map((row) => [
    row.name,
    row.note.split(', ')[0]!,
    row.bytes.toLocaleString('en-US'),
    percent(row),
    ...(row.others ?? []).map(percent),
  ])
  const networks = ['ConvNet, %', ...others.map(({ network }) => `${network}, %`)]
  return markdownTable(['trained on', 'images', 'bytes', ...networks], lines)
}

const isAblation = ({ result }: Run) => result.name.startsWith('ablation-')

/** Methods: one line a run, accuracies in percent, with the bytes and values of the set. */
export const methodsTable = (): string => tableOf((run) => !isAblation(run))

/** The same of the ablations. */
export const ablationsTable = (): string => tableOf(isAblation)

function tableOf(wanted: (run: Run) => boolean): string {
  const runs = readdirSync(folder)
    .filter((file) => file.endsWith('.json'))
    .map((file) => JSON.parse(readFileSync(join(folder, file), 'utf8')) as Run)
    .filter(wanted)
    .sort((a, b) => (a.result.name < b.result.name ? -1 : 1))
  const lines = runs.map(({ config, result }) => {
    const row = (id: string) => result.rows.find((one) => one.id === id)
    const cell = (id: string) => (row(id) ? percent(row(id)!) : '')
    const set = row('set')!
    const isHaba = config.set.use === 'factorized'
    const { depth, width } = config.network
    const { protocol, epochs } = config.evaluate
    return [
      result.name,
      `${config.steps}`,
      `${String(depth)} × ${String(width)}`,
      `${protocol}, ${epochs}`,
      `${set.accuracies.length}`,
      set.bytes.toLocaleString('en-US'),
      set.floats.toLocaleString('en-US'),
      cell('random'),
      isHaba || row('pixels') ? cell('pixels') : percent(set),
      isHaba || row('pixels') ? percent(set) : '',
    ]
  })
  const head = [
    'recipe',
    'steps',
    'ConvNet',
    'protocol, epochs',
    'networks',
    'bytes',
    'floats',
    'random',
    'pixels',
    'this set',
  ]
  return markdownTable(head, lines)
}
