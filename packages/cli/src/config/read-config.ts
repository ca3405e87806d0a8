import { HabaError } from '@haba/core'
import { readFile } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { absolutePlugin, loadPlugins } from '../plugins/load-plugins.js'
import { kinds, mergeTables, type AnyTable, type Tables } from '../plugins/tables.js'
import type { Config, GameSettings, Named, SetSettings, TargetSettings } from './config.js'
import { completeNamed } from './named.js'
import { configSchema } from './schema.js'
import { inside, placeName, validate, type Place } from './validate.js'

/** A configuration with the tables its names are looked up in. */
export interface ReadConfig {
  readonly config: Config
  readonly tables: Tables
  /** The file, as errors name it. */
  readonly file: string
}

/**
 * Reads a configuration file: every option checked, defaults in place, paths absolute.
 *
 * @throws HabaError naming the file, the option, what was expected and what came
 */
export async function readConfig(file: string): Promise<ReadConfig> {
  const folder = dirname(resolve(file))
  const where: Place = { file, path: '' }
  const raw = validate(where, configSchema, await readJson(file)) as Readonly<Record<string, unknown>> & RawConfig
  const plugins = raw.plugins.map((name) => absolutePlugin(name, folder))
  const tables = mergeTables(await loadPlugins(plugins, folder))
  const named = (place: Place, value: unknown, kind: keyof Tables): Named =>
    completeNamed(place, value, tables[kind] as unknown as AnyTable, kinds[kind], folder)
  const augmentation = (place: Place, value: unknown): Named => named(place, strategyOf(value, tables), 'augmentations')
  const own = (section: 'evaluate' | 'experts' | 'training') => {
    const given = raw[section]?.augmentation
    return given === undefined
      ? {}
      : { augmentation: augmentation(inside(inside(where, section), 'augmentation'), given) }
  }

  const mixing = (section: 'evaluate' | 'training') => {
    const given = raw[section]?.mixing
    return given === undefined ? {} : { mixing: named(inside(inside(where, section), 'mixing'), given, 'mixings') }
  }

  const objective = named(inside(where, 'objective'), raw.objective, 'objectives')
  const config = {
    ...raw,
    plugins,
    engine: named(inside(where, 'engine'), raw.engine, 'engines'),
    data: named(inside(where, 'data'), raw.data, 'datasets'),
    network: named(inside(where, 'network'), raw.network, 'networks'),
    augmentation: augmentation(inside(where, 'augmentation'), raw.augmentation),
    set: completeSet(inside(where, 'set'), raw.set, named),
    objective,
    ...(raw.training && { training: { ...own('training'), ...mixing('training') } }),
    games: raw.games.map((game, i) => completeGame(inside(inside(where, 'games'), i), game, named)),
    evaluate: { ...raw.evaluate, ...own('evaluate'), ...mixing('evaluate') },
    compare: {
      ...raw.compare,
      networks: raw.compare.networks.map((one, i) =>
        named(inside(inside(inside(where, 'compare'), 'networks'), i), one, 'networks'),
      ),
    },
    ...(raw.experts && {
      experts: { ...raw.experts, ...own('experts'), folder: expertsFolder(where, raw.experts, objective, folder) },
    }),
  }
  return { config: config as unknown as Config, tables, file }
}

/** What the file says, its own structure checked, its names not yet. */
interface RawConfig {
  readonly plugins: readonly string[]
  readonly games: readonly unknown[]
  readonly training?: Readonly<Record<string, unknown>>
  readonly evaluate: Readonly<Record<string, unknown>>
  readonly experts?: Readonly<Record<string, unknown>>
  readonly compare: Readonly<Record<string, unknown>> & { readonly networks: readonly unknown[] }
}

async function readJson(file: string): Promise<unknown> {
  const text = await readFile(file, 'utf8').catch((cause: Error) => {
    throw new HabaError(
      `config ${file}`,
      'a readable file',
      cause.message,
      'Check the path; recipes/ holds examples.',
      { cause },
    )
  })
  try {
    return JSON.parse(text)
  } catch (cause) {
    const { message } = cause as Error
    const position = Number(/position (\d+)/.exec(message)?.[1] ?? text.length)
    const lines = text.slice(0, position).split('\n')
    const place = `line ${lines.length}, column ${lines.at(-1)!.length + 1}`
    throw new HabaError(`config ${file}`, 'JSON', `a mistake at ${place}`, message, { cause })
  }
}

/** A text that is no name is a strategy of the field, such as `color_crop_cutout`. */
const strategyOf = (value: unknown, { augmentations }: Tables): unknown =>
  typeof value === 'string' && !Object.hasOwn(augmentations, value) ? { use: 'siamese', strategy: value } : value

function completeSet(
  place: Place,
  value: unknown,
  named: (place: Place, value: unknown, kind: keyof Tables) => Named,
): SetSettings {
  if (typeof value !== 'object') return named(place, value, 'parameterizations')
  const { targets, of, ...set } = value as Record<string, unknown>
  return {
    ...named(place, set, 'parameterizations'),
    ...(of !== undefined && { of: named(inside(place, 'of'), of, 'parameterizations') }),
    ...(targets !== undefined && { targets: targets as TargetSettings }),
  }
}

function completeGame(
  place: Place,
  value: unknown,
  named: (place: Place, value: unknown, kind: keyof Tables) => Named,
): GameSettings {
  if (typeof value !== 'object') return named(place, value, 'games')
  const { network, ...game } = value as Record<string, unknown>
  return {
    ...named(place, game, 'games'),
    ...(network !== undefined && { network: named(inside(place, 'network'), network, 'networks') }),
  }
}

function expertsFolder(
  where: Place,
  experts: Readonly<Record<string, unknown>>,
  objective: Named,
  folder: string,
): string {
  if (typeof experts.folder === 'string') return resolve(folder, experts.folder)
  if (typeof objective.experts === 'string') return objective.experts
  throw new HabaError(
    placeName(inside(inside(where, 'experts'), 'folder')),
    'a path',
    'nothing',
    'Add it, or name the folder in the objective: both are the same.',
  )
}
