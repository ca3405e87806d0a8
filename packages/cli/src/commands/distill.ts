import { HabaError } from '@haba/core'
import { existsSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { join, relative, resolve } from 'node:path'
import { performance } from 'node:perf_hooks'
import type { Config } from '../config/config.js'
import { readConfig, type ReadConfig } from '../config/read-config.js'
import { firstPath, namedInText } from '../config/named.js'
import { configText } from '../config/write-config.js'
import { listenForInterruption, type Interruption } from '../interruption.js'
import { kinds, type AnyTable } from '../plugins/tables.js'
import { progressOn, timeText } from '../progress.js'
import { owning } from '../run/owner.js'
import { tableText } from '../run/result.js'
import { runDistillation } from '../run/run-distillation.js'
import { checkUnused, configOf, FILES, makeFreeFolder, writeWhole } from '../run/run-folder.js'
import type { Terminal } from './terminal.js'

export interface DistillOptions {
  readonly out?: string
  readonly resume?: string
  readonly steps?: number
  readonly data?: string
  readonly seed?: number
  readonly engine?: string
}

/** `haba distill`: a run folder from a configuration, or a run gone on with. */
export async function distillCommand(
  file: string | undefined,
  options: DistillOptions,
  { out, err }: Terminal,
  interruption?: Interruption,
): Promise<void> {
  const began = performance.now()
  const progress = progressOn(err)
  const { folder, read } = options.resume === undefined ? await begin(file, options) : await goOn(file, options)
  const { name, steps } = read.config
  const result = await owning(folder, 'haba distill', async () => {
    if (options.resume === undefined) checkUnused(folder)
    await writeWhole(join(folder, FILES.config), configText(read.config, read.tables, folder))
    progress.say(`${name}: ${steps} steps, into ${folder}`)
    const heard = interruption ?? listenForInterruption(progress.say)
    return await runDistillation({ folder, read, progress, interruption: heard })
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

async function begin(file: string | undefined, options: DistillOptions): Promise<Begun> {
  if (file === undefined)
    throw new HabaError(
      'haba distill',
      'a configuration file',
      'none',
      'Try recipes/mnist-haba.json, or --resume a run.',
    )
  const read = overridden(await readConfig(file), options)
  if (options.out === undefined) return { folder: await makeFreeFolder(read.config.name), read }
  await mkdir(options.out, { recursive: true })
  return { folder: options.out, read }
}

/** A run says itself what it is; only more steps may be asked for. */
async function goOn(file: string | undefined, options: DistillOptions): Promise<Begun> {
  const folder = options.resume!
  if (file !== undefined || options.seed !== undefined || options.out !== undefined)
    throw new HabaError(
      'haba distill',
      '--resume with --steps, --data or --engine only',
      'a configuration, --out or --seed as well',
      'A run keeps its own configuration; leave them out.',
    )
  const before = await readConfig(configOf(folder))
  if (options.steps !== undefined && options.steps < before.config.steps)
    throw new HabaError(
      'haba distill --resume',
      `--steps of at least ${before.config.steps}, as the run has`,
      `${options.steps}`,
      'Steps that were taken are not taken back: start a new run.',
    )
  return { folder, read: overridden(before, options) }
}

/** The configuration with what the command line says instead. */
export function overridden(
  read: ReadConfig,
  { steps, seed, data, engine }: Pick<DistillOptions, 'steps' | 'seed' | 'data' | 'engine'>,
): ReadConfig {
  const config: Config = {
    ...read.config,
    ...(steps !== undefined && { steps }),
    ...(seed !== undefined && { seed }),
    ...(engine !== undefined && {
      engine: namedInText('--engine', engine, read.tables.engines as AnyTable, kinds.engines),
    }),
    ...(data !== undefined && { data: { ...read.config.data, ...dataFolder(read, data) } }),
  }
  return { ...read, config }
}

function dataFolder({ config, tables }: ReadConfig, path: string): Readonly<Record<string, string>> {
  const name = firstPath(tables.datasets[config.data.use]!.options)
  if (name === undefined)
    throw new HabaError('--data', `a dataset that is read from a folder`, `"${config.data.use}"`, 'Leave --data out.')
  const folder = resolve(path)
  if (!existsSync(folder))
    throw new HabaError('--data', 'a folder', relative(process.cwd(), folder) || folder, 'Check the path.')
  return { [name]: folder }
}
