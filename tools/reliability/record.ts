import { mkdir, writeFile } from 'node:fs/promises'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { jsonText } from '../../bench/formatted.js'

/** The last full run of a command, as it is committed. */
export interface Recorded<T> {
  readonly date: string
  readonly node: string
  readonly platform: string
  readonly cores: number
  readonly results: readonly T[]
}

export const recordsFolder = join(import.meta.dirname, 'results')

/** Writes what a command found, for `docs/reliability.md`. */
export async function record<T>(name: string, results: readonly T[]): Promise<void> {
  const recorded: Recorded<T> = {
    date: new Date().toISOString().slice(0, 10),
    node: process.version,
    platform: `${process.platform} ${process.arch}`,
    cores: availableParallelism(),
    results,
  }
  await mkdir(recordsFolder, { recursive: true })
  await writeFile(join(recordsFolder, `${name}.json`), await jsonText(recorded))
}
