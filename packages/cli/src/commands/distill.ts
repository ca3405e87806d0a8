import { HabaError } from '@haba/core'
import { mkdir, rmdir } from 'node:fs/promises'
import { join } from 'node:path'
import { performance } from 'node:perf_hooks'
import { overridden } from '../config/overridden.js'
import type { ReadConfig } from '../config/read-config.js'
import { listenForInterruption } from '../interruption.js'
import { progressOn, timeText, type Progress, type Terminal } from '../tell/progress.js'
import { owning } from '../folder/owner.js'
import { readRun, readShown } from '../folder/read-run.js'
import { tableText } from '../tell/tables.js'
import { runDistillation } from '../run-distillation.js'
import { checkUnused, configOf, FILES, makeFreeFolder } from '../folder/run-folder.js'

export interface DistillOptions {
  readonly out?: string
  readonly resume?: string
  readonly steps?: number
  readonly data?: string
  readonly seed?: number
  readonly engine?: string
  readonly allowPlugin?: readonly string[]
  readonly set?: readonly string[]
}

/** `haba distill`: runs a configuration in a new folder, or resumes a run. */
export async function distillCommand(
  file: string | undefined,
  options: DistillOptions,
  { out, err }: Terminal,
  signal?: AbortSignal,
): Promise<void> {
  const began = performance.now()
  const progress = progressOn(err)
  const { folder, read } =
    options.resume === undefined ? await begin(file, options, progress) : await goOn(file, options, progress)
  const { name, steps } = read.config
  const run = owning(folder, 'haba distill', async () => {
    if (options.resume === undefined) checkUnused(folder)
    progress.say(`${name}: ${steps} steps, into ${folder}`)
    const heard = signal ?? listenForInterruption(progress.say)
    return await runDistillation({ folder, read, progress, signal: heard })
  })
  // A run that was refused before it started leaves nothing: its empty folder is removed.
  const result = await run.catch(async (error: unknown) => {
    if (options.resume === undefined) await rmdir(folder).catch(() => {})
    throw error
  })
  out.write(`\n${tableText(result)}\n\n`)
  for (const [what, path] of [
    ['set', 'set.safetensors, set.json'],
    ['pictures', FILES.grid],
    ['page', FILES.page],
  ] as const)
    out.write(
      `${what.padEnd(9)} ${path
        .split(', ')
        .map((one) => join(folder, one))
        .join(', ')}\n`,
    )
  progress.say(`Done in ${timeText((performance.now() - began) / 1000)}.`)
}

interface Begun {
  readonly folder: string
  readonly read: ReadConfig
}

async function begin(
  file: string | undefined,
  options: DistillOptions,
  { say }: Pick<Progress, 'say'>,
): Promise<Begun> {
  if (file === undefined)
    throw new HabaError('haba distill', 'a configuration file', 'none', 'Try `haba init`, or --resume a run.')
  const read = overridden(await readShown(file, options, say), options)
  if (options.out === undefined) return { folder: await makeFreeFolder(read.config.name), read }
  await mkdir(options.out, { recursive: true })
  return { folder: options.out, read }
}

/** Resumes a run with its own configuration; only a few options may be given. */
async function goOn(file: string | undefined, options: DistillOptions, { say }: Pick<Progress, 'say'>): Promise<Begun> {
  const folder = options.resume!
  if (file !== undefined || options.seed !== undefined || options.out !== undefined)
    throw new HabaError(
      'haba distill',
      '--resume with --steps, --data or --engine only',
      'a configuration, --out or --seed as well',
      'A run keeps its configuration; leave them out.',
    )
  const { steps, seed: _seed, ...instead } = options
  configOf(folder)
  const before = await readRun(folder, { ...instead, say })
  return { folder, read: overridden(before, { ...(steps !== undefined && { steps }) }) }
}
