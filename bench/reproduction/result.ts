import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Machine } from '../machine.js'
import type { Cell } from './cells.js'
import { jsonText } from '../formatted.js'

/** Accuracies of fresh networks, as parts of 1. */
export interface Accuracy {
  readonly mean: number
  /** Population standard deviation. */
  readonly std: number
  readonly accuracies: readonly number[]
}

/** What a set was worth after so many iterations. */
export interface CurvePoint extends Accuracy {
  readonly iterations: number
  /** The step size that the set learned. */
  readonly rate?: number
}

/** What a cell measured: `bench/reproduction/results/NAME.json`. */
export interface CellResult {
  readonly name: string
  /** Of the cell's configuration file. */
  readonly configHash: string
  readonly seed: number
  readonly key: string
  readonly versions: Readonly<Record<string, string>>
  readonly machine: Omit<Machine, 'load'>
  readonly data: { readonly use: string; readonly note: string }
  readonly iterations: { readonly done: number; readonly of: number }
  readonly experts?: { readonly count: number; readonly epochs: number; readonly transform: string }
  readonly floats: number
  readonly bytes: number
  readonly protocol: Readonly<Record<string, unknown>>
  readonly curve: readonly CurvePoint[]
  /** Real images of as many floats, by how they were chosen. */
  readonly real: Readonly<Record<string, Accuracy & { readonly floats: number }>>
  /** Other networks, trained on the set after so many iterations. */
  readonly networks: Readonly<Record<string, CurvePoint>>
  /** Wall time of distilling and measuring, without the recording of experts. */
  readonly seconds: number
}

/** What a configuration says, in 16 hexadecimal digits. */
export const configHash = ({ config }: Pick<Cell, 'config'>): string =>
  createHash('sha256').update(JSON.stringify(config)).digest('hex').slice(0, 16)

const fileOf = (folder: string, name: string) => join(folder, `${name}.json`)

/** What was measured of a cell; undefined before its first point. */
export async function readCellResult(folder: string, name: string): Promise<CellResult | undefined> {
  const file = fileOf(folder, name)
  return existsSync(file) ? (JSON.parse(await readFile(file, 'utf8')) as CellResult) : undefined
}

export async function writeCellResult(folder: string, result: CellResult): Promise<void> {
  await mkdir(folder, { recursive: true })
  await writeFile(fileOf(folder, result.name), await jsonText(result))
}
