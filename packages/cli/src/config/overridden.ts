import { HabaError } from '@haba/core'
import { existsSync } from 'node:fs'
import { relative, resolve } from 'node:path'
import { kinds } from '../plugins/tables.js'
import type { Config, EvaluateSettings } from './config.js'
import { firstPath, namedInText } from './named.js'
import type { ReadConfig } from './read-config.js'
import { evaluateSchema } from './section-schemas.js'
import { validate } from './validate.js'

/** What a command line may say instead of a configuration. */
export interface Instead {
  readonly steps?: number
  readonly data?: string
  readonly seed?: number
  readonly engine?: string
}

/** The configuration with what the command line says instead. */
export function overridden(read: ReadConfig, { steps, seed, data, engine }: Instead): ReadConfig {
  const config: Config = {
    ...read.config,
    ...(steps !== undefined && { steps }),
    ...(seed !== undefined && { seed }),
    ...(engine !== undefined && {
      engine: namedInText('--engine', engine, read.tables.engines, kinds.engines),
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

/** A run's settings, with what the command line says instead. */
export function evaluateSettings(
  { config }: ReadConfig,
  {
    protocol,
    epochs,
    networks,
  }: { protocol?: string | undefined; epochs?: number | undefined; networks?: number | undefined },
): EvaluateSettings {
  if (protocol === 'ours' && config.evaluate.protocol !== 'ours')
    throw new HabaError(
      '--protocol ours',
      'a set that was distilled without the validation data',
      `one distilled for the protocol "${config.evaluate.protocol}"`,
      'Write "evaluate": { "protocol": "ours" } into the configuration, and distill again.',
    )
  return validate({ file: 'of the command line', path: '' }, evaluateSchema, {
    ...config.evaluate,
    ...(networks !== undefined && { networks }),
    ...(protocol !== undefined && { protocol }),
    ...(epochs !== undefined && { epochs }),
  })
}
