import { readdir, readFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { dataNote } from '../data-note.js'
import { describeMachine } from '../machine.js'
import type { Cell } from './cells.js'
import { configHash, type Accuracy, type CellResult, type CurvePoint } from './result.js'

/** Of the files that `haba` writes, what is read here. */
interface RunFiles {
  readonly config: {
    readonly seed: number
    readonly data: Readonly<Record<string, unknown>> & { readonly use: string }
    readonly experts?: { readonly folder: string; readonly epochs: number; readonly transform: string }
  }
  readonly result: {
    readonly rows: readonly (Accuracy & { id: string; floats: number; bytes: number; steps?: number })[]
  }
  readonly set: {
    readonly about: {
      readonly key: string
      readonly learned: { readonly rate?: number }
      readonly protocol: Readonly<Record<string, unknown>>
      readonly versions: Readonly<Record<string, string>>
    }
  }
}

const json = async <T>(...path: readonly string[]): Promise<T> => JSON.parse(await readFile(join(...path), 'utf8')) as T
const accuracy = ({ mean, std, accuracies }: Accuracy): Accuracy => ({ mean, std, accuracies })

export interface CollectOptions {
  readonly cell: Cell
  /** The run folder. */
  readonly run: string
  /** Wall time since the last point. */
  readonly seconds: number
  /** Of the same run, so far. */
  readonly known: CellResult | undefined
  /** Whether other networks were tested on the set as it is. @default false */
  readonly crossed?: boolean
}

/** What a run folder tells, added to what was known. */
export async function collect({ cell, run, seconds, known, crossed = false }: CollectOptions): Promise<CellResult> {
  const config = await json<RunFiles['config']>(run, 'config.json')
  const { rows } = await json<RunFiles['result']>(run, 'result.json')
  const { about } = await json<RunFiles['set']>(run, 'set.json')
  const { load: _, ...machine } = describeMachine()
  const set = rows.find(({ id }) => id === 'set')!
  const done = set.steps!
  const { rate } = about.learned
  const point: CurvePoint = { iterations: done, ...accuracy(set), ...(rate !== undefined && { rate }) }
  const earlier = (known?.curve ?? []).filter(({ iterations }) => iterations < done)
  const real = rows.filter(({ id }) => id !== 'set')
  const use = config.data.use
  return {
    name: cell.name,
    configHash: configHash(cell),
    seed: config.seed,
    key: about.key,
    versions: about.versions,
    machine,
    data: {
      use,
      note: await dataNote({ ...config.data, root: resolve(run, String(config.data['root'])) }, cell.dataset),
    },
    iterations: { done, of: cell.config.steps },
    ...(config.experts && { experts: await expertsOf(resolve(run, config.experts.folder)) }),
    floats: set.floats,
    bytes: set.bytes,
    protocol: about.protocol,
    curve: [...earlier, point],
    real: Object.fromEntries(real.map((row) => [row.id, { ...accuracy(row), floats: row.floats }])),
    networks: { ...known?.networks, ...(crossed && (await networksOf(run, done))) },
    seconds: Math.round((known?.seconds ?? 0) + seconds),
  }
}

/** What experts a run had: those that lie there, and how they were trained. */
async function expertsOf(folder: string): Promise<NonNullable<CellResult['experts']>> {
  const files = await readdir(folder)
  const { epochs, transform } = await json<{ epochs: number; transform: string }>(folder, 'experts.json')
  return { count: files.filter((name) => name.endsWith('.safetensors')).length, epochs, transform }
}

/** Other networks that `haba evaluate` tested on the set as it is. */
async function networksOf(run: string, iterations: number): Promise<Readonly<Record<string, CurvePoint>>> {
  const files = (await readdir(run)).filter((name) => /^evaluation-.*\.json$/.test(name))
  const read = files.map((name) => json<Accuracy & { readonly network: string; readonly after: number }>(run, name))
  const own = (await Promise.all(read)).filter(({ after }) => after === iterations)
  return Object.fromEntries(own.map((one) => [one.network, { iterations, ...accuracy(one) }]))
}
