import { HabaError } from '@haba/core'
import { existsSync } from 'node:fs'
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Result } from './result.js'

/** What lies in a run folder, besides `set.safetensors` and `set.json`. */
export const FILES = {
  config: 'config.json',
  checkpoint: 'checkpoint.safetensors',
  fit: 'fit.safetensors',
  metrics: 'metrics.jsonl',
  result: 'result.json',
  preprocessing: 'preprocessing.safetensors',
  choices: 'choices.json',
  jpeg: 'jpeg.json',
  grid: 'grid.png',
  page: 'report.html',
  // TensorBoard finds files by this word.
  events: 'events.out.tfevents.haba',
} as const

/** Writes a file whole or not at all. */
export async function writeWhole(path: string, data: Uint8Array | string): Promise<void> {
  await writeFile(`${path}.partial`, data)
  await rename(`${path}.partial`, path)
}

/** Makes the folder `runs/NAME`, or the next free one of `runs/NAME-2`, `runs/NAME-3`, … */
export async function makeFreeFolder(name: string): Promise<string> {
  await mkdir('runs', { recursive: true })
  for (let n = 1; ; n++) {
    const folder = join('runs', n === 1 ? name : `${name}-${n}`)
    try {
      await mkdir(folder)
      return folder
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    }
  }
}

/** @throws HabaError if there is a run in the folder */
export function checkUnused(folder: string): void {
  if (existsSync(join(folder, FILES.config)))
    throw new HabaError(
      `run ${folder}`,
      'a new folder',
      'one that holds a run',
      `Continue it with \`haba distill --resume ${folder}\`, or choose another --out.`,
    )
}

/** The configuration file of a run. @throws HabaError if the folder holds none */
export function configOf(folder: string): string {
  const file = join(folder, FILES.config)
  if (!existsSync(file))
    throw new HabaError(`run ${folder}`, `a file ${FILES.config}`, 'none', 'Name a folder that `haba distill` wrote.')
  return file
}

/** What a run measured so far; undefined before its first row. */
export async function readResult(folder: string): Promise<Result | undefined> {
  const file = join(folder, FILES.result)
  return existsSync(file) ? (JSON.parse(await readFile(file, 'utf8')) as Result) : undefined
}

export const writeResult = (folder: string, result: Result): Promise<void> =>
  writeWhole(join(folder, FILES.result), `${JSON.stringify(result, null, 2)}\n`)

/**
 * Cuts a metrics file back to the lines of steps up to `step`, so that a resumed run appends where its checkpoint was;
 * a half-written last line goes too.
 */
export async function cutMetrics(file: string, step: number): Promise<void> {
  if (!existsSync(file)) return
  const lines = (await readFile(file, 'utf8')).split('\n').slice(0, step)
  await writeWhole(file, lines.map((line) => `${line}\n`).join(''))
}
