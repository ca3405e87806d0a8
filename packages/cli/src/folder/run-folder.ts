import { checkedJson, HabaError } from '@haba/core'
import { readWhole, writeWhole } from '@haba/core/files'
import { existsSync, statSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { Result } from './result.js'

/** Names of the files in a run folder, besides `set.safetensors` and `set.json`. */
export const FILES = {
  config: 'config.json',
  checkpoint: 'checkpoint.safetensors',
  fit: 'fit.safetensors',
  metrics: 'metrics.jsonl',
  result: 'result.json',
  preprocessing: 'preprocessing.safetensors',
  identity: 'identity.json',
  choices: 'choices.json',
  jpeg: 'jpeg.json',
  grid: 'grid.png',
  page: 'report.html',
  // TensorBoard finds event files by the word tfevents.
  events: 'events.out.tfevents.haba',
} as const

/** Creates the folder `runs/NAME`, or the next free one of `runs/NAME-2`, `runs/NAME-3`, … */
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

/** @throws HabaError if the folder holds a run */
export function checkUnused(folder: string): void {
  if (existsSync(join(folder, FILES.config)))
    throw new HabaError(
      `run ${folder}`,
      'a new folder',
      'one that holds a run',
      `Continue it with \`haba distill --resume ${folder}\`, or choose another --out.`,
    )
}

/** Whether a folder holds more of a run than a configuration. */
export const holdsRun = (folder: string): boolean =>
  [...Object.values(FILES).filter((file) => file !== FILES.config), 'set.json'].some((file) =>
    existsSync(join(folder, file)),
  )

/** The configuration file of a run. @throws HabaError if the folder holds none */
export function configOf(folder: string): string {
  const file = join(folder, FILES.config)
  if (statSync(folder, { throwIfNoEntry: false })?.isFile())
    throw new HabaError(
      `run ${folder}`,
      'a run folder',
      'a file',
      'Of a file that `haba pack` wrote, show, evaluate, compare and export can be used.',
    )
  if (!existsSync(file))
    throw new HabaError(`run ${folder}`, `a file ${FILES.config}`, 'none', 'Name a folder that `haba distill` wrote.')
  return file
}

export const writeResult = (folder: string, result: Result): Promise<void> =>
  writeWhole(join(folder, FILES.result), `${checkedJson(result, 2)}\n`)

/**
 * Truncates a metrics file to the lines up to `step`, so that a resumed run appends after its checkpoint. A partial last line
 * is removed, too.
 */
export async function cutMetrics(file: string, step: number): Promise<void> {
  if (!existsSync(file)) return
  // Text after the last newline is a partial line.
  const lines = (await readWhole(file)).toString('utf8').split('\n').slice(0, -1).slice(0, step)
  await writeWhole(file, lines.map((line) => `${line}\n`).join(''))
}
