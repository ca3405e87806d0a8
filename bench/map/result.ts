import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { halfInterval95, summarize } from '@haba/eval'
import { root } from '../../tools/packages.js'
import { jsonText } from '../formatted.js'
import type { Machine } from '../machine.js'
import type { Cell } from './cells.js'
import type { CellConfig } from './config.js'

/** A row of a run: the set, or what it is compared with. */
export interface MapRow {
  readonly id: string
  readonly name: string
  readonly floats: number
  /** Of the file, with a codec. */
  readonly bytes: number
  readonly note: string
  /** Of each network, as parts of 1. */
  readonly accuracies: readonly number[]
}

/** What a cell measured: `bench/map/results/NAME.json`. */
export interface MapResult {
  readonly name: string
  /** That of the first seed. */
  readonly config: CellConfig
  /** Of the configuration without its seed. */
  readonly configHash: string
  /** Stored items, and images over all views, of all classes. */
  readonly items: number
  readonly images: number
  /** The most bytes that the set might take, and those of its configuration; entropy coding may take fewer. */
  readonly bytes: { readonly allowed: number; readonly counted: number }
  /** Whether its rates were searched on validation data. */
  readonly searched: boolean
  /** What each seed gave. */
  readonly seeds: readonly {
    readonly seed: number
    readonly rows: readonly MapRow[]
    /** Step size that was learned with the set. */
    readonly learnedRate?: number
  }[]
  /** Networks that the set was not made for, on the set of the first seed. */
  readonly others: readonly {
    readonly network: string
    readonly epochs: number
    readonly accuracies: readonly number[]
  }[]
  readonly protocol: Readonly<Record<string, unknown>>
  readonly data: string
  readonly versions: Readonly<Record<string, string>>
  readonly machine: Omit<Machine, 'load'>
  /** Wall time of distilling and testing, without the recording of experts. */
  readonly seconds: number
  /** Of the last measurement: YYYY-MM-DD. */
  readonly date: string
  /** Of the repository; "+" where files were changed. */
  readonly commit: string
}

/** Where results are committed. */
const resultsFolder = join(root, 'bench/map/results')

/** A configuration in 16 hexadecimal digits, whatever its seed. */
export function configHash({ name: _name, seed: _seed, ...config }: CellConfig): string {
  return createHash('sha256').update(JSON.stringify(config)).digest('hex').slice(0, 16)
}

const fileOf = (folder: string, name: string) => join(folder, `${name}.json`)

/** What was measured of a cell. */
export async function readMapResult(folder: string, name: string): Promise<MapResult | undefined> {
  const file = fileOf(folder, name)
  return existsSync(file) ? (JSON.parse(await readFile(file, 'utf8')) as MapResult) : undefined
}

/** All that was measured, by cell. */
export async function readMapResults(folder: string = resultsFolder): Promise<ReadonlyMap<string, MapResult>> {
  const files = (await readdir(folder).catch(() => [])).filter((file) => file.endsWith('.json')).sort()
  const read = await Promise.all(files.map(async (file) => readMapResult(folder, file.replace(/\.json$/, ''))))
  return new Map(read.map((result) => [result!.name, result!]))
}

/** Writes a result as the formatter would. */
export async function writeMapResult(folder: string, result: MapResult): Promise<void> {
  await mkdir(folder, { recursive: true })
  await writeFile(fileOf(folder, result.name), await jsonText(result))
}

/** What all seeds of a cell say of one row. */
export interface Summary {
  readonly mean: number
  /** Half the width of the 95 % interval of the mean. */
  readonly half: number
  /** Of each seed. */
  readonly means: readonly number[]
  readonly bytes: number
  readonly floats: number
}

/** The mean over all networks of all seeds, with Student's t over them. @param id the row @default the set */
export function summaryOf({ seeds }: Pick<MapResult, 'seeds'>, id = 'set'): Summary | undefined {
  const rows = seeds.flatMap((seed) => seed.rows.find((row) => row.id === id) ?? [])
  if (rows.length === 0) return undefined
  const accuracies = rows.flatMap((row) => row.accuracies)
  return {
    mean: summarize(accuracies).mean,
    half: halfInterval95(accuracies) ?? 0,
    means: rows.map((row) => summarize(row.accuracies).mean),
    bytes: Math.max(...rows.map(({ bytes }) => bytes)),
    floats: rows[0]!.floats,
  }
}

/** Whether a result is of the cell's configuration as it stands. */
export const isCurrent = (result: MapResult, config: CellConfig): boolean => result.configHash === configHash(config)

/** The cells that were measured, in the order of the table. */
export const measuredOf = (
  cells: readonly Cell[],
  results: ReadonlyMap<string, MapResult>,
): readonly { readonly cell: Cell; readonly result: MapResult; readonly summary: Summary }[] =>
  cells.flatMap((cell) => {
    const result = results.get(cell.name)
    const summary = result && summaryOf(result)
    return summary ? [{ cell, result, summary }] : []
  })
