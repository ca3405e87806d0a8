import { HabaError } from '@haba/core'
import { basename, dirname, resolve } from 'node:path'
import { absolutePlugin, checkAllowed, loadPlugins, locatePlugins } from '../plugins/load-plugins.js'
import { kinds, mergeTables, type Tables } from '../plugins/tables.js'
import type { Config, GameSettings, Named, SetSettings } from './config.js'
import { completeNamed, outsideNames } from './named.js'
import { assigned } from './assign.js'
import { isRecord } from './describe-schema.js'
import { readConfigFile } from './read-file.js'
import { configSchema } from './schema.js'
import type { RunMadeOf } from '../folder/made-of.js'
import { FILES, holdsRun } from '../folder/run-folder.js'
import { inside, placeName, type Place, type Renamed } from './place.js'
import { validate } from './validate.js'

/** A configuration with the tables its names are looked up in. */
export interface ReadConfig {
  readonly config: Config
  readonly tables: Tables
  /** What the file and the command line say, without defaults. */
  readonly given: unknown
  /** The file, as errors name it. */
  readonly file: string
  /** Whether somebody else may have written it. */
  readonly received: boolean
  /** Options that are not used because the file may come from anywhere, such as `data.cache`. */
  readonly ignored: readonly string[]
  /** Names of earlier versions in it, which are read as those of today. */
  readonly renamed: readonly Renamed[]
  /** The run that the configuration is of, where it is used as one. */
  readonly run?: RunMadeOf
}

/** How far a configuration is trusted, and what is said instead of it. */
export interface Trust {
  /** Plugins that may run even so: paths or packages, besides those of the user's own file. @default none */
  readonly allowPlugin?: readonly string[]
  /**
   * Whether somebody else may have written it: then no plugin runs but those that are allowed, no path of an engine is used,
   * and nothing is written where it says.
   *
   * @default whether it is the configuration of a run folder
   */
  readonly received?: boolean
  /** Values that are not those of the file, such as `objective.views=all`. @default none */
  readonly set?: readonly string[]
  /** The text of the file, where it has been read. */
  readonly text?: string
}

/**
 * Reads a configuration file, which may be JSON, YAML or a module: every option checked, defaults in place, paths absolute.
 *
 * @throws HabaError naming the file, the option, what was expected and what came; or the plugins that are not allowed
 */
export async function readConfig(file: string, trust: Trust = {}): Promise<ReadConfig> {
  const folder = dirname(resolve(file))
  const { allowPlugin = [], received = basename(file) === FILES.config && holdsRun(folder), set = [], text } = trust
  const renamed: Renamed[] = []
  const where: Place = { file, path: '', renamed }
  const given = withoutSchema(assigned(await readConfigFile(file, text), set))
  const raw = checked(where, given)
  const plugins = raw.plugins.map((name) => absolutePlugin(name, folder))
  const located = locatePlugins(plugins, folder)
  if (received) await checkAllowed(file, located, allowPlugin)
  const tables = mergeTables(await loadPlugins(located))
  return { ...completed({ where, raw, folder, tables, received }), tables, given, file, received, renamed }
}

/**
 * The same of a value that `readConfig` has read before: with the defaults of this version, and no plugin loaded.
 *
 * @param where what errors call it @default the file
 */
export const readConfigAgain = (
  value: unknown,
  { tables, file }: ReadConfig,
  where: Place = { file, path: '' },
): Config =>
  completed({ where, raw: checked(where, value), folder: dirname(resolve(file)), tables, received: true }).config

/** Editors read "$schema"; it says nothing of a run. */
function withoutSchema(value: unknown): unknown {
  if (!isRecord(value)) return value
  const { $schema: _, ...rest } = value
  return rest
}

/** The file's own structure is checked and of its types; names are as they were written until they are completed. */
const checked = (where: Place, value: unknown) => validate(where, configSchema, value)

interface Raw {
  readonly where: Place
  readonly raw: ReturnType<typeof checked>
  /** What paths are relative to. */
  readonly folder: string
  readonly tables: Tables
  readonly received: boolean
}

/** Names looked up, defaults in place, paths absolute. */
function completed({ where, raw, folder, tables, received }: Raw): Pick<ReadConfig, 'config' | 'ignored'> {
  const ignored: string[] = []
  const plugins = raw.plugins.map((name) => absolutePlugin(name, folder))
  const named = (place: Place, value: unknown, kind: keyof Tables): Named => {
    const table = tables[kind]
    const own = completeNamed(place, value, table, kinds[kind], folder)
    if (!received) return own
    const refused = outsideNames(kind, table[own.use]!.options).filter((name) => own[name] !== undefined)
    ignored.push(...refused.map((name) => inside(place, name).path))
    return { use: own.use, ...Object.fromEntries(Object.entries(own).filter(([name]) => !refused.includes(name))) }
  }
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
  const config: Omit<Config, 'experts'> = {
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
  }
  const { experts } = raw
  if (!experts) return { config, ignored }
  const taught = { ...experts, ...own('experts'), folder: expertsFolder(where, experts, objective, folder) }
  return { config: { ...config, experts: taught }, ignored }
}

/** A text that is no name is a strategy of the field, such as `color_crop_cutout`. */
const strategyOf = (value: unknown, { augmentations }: Tables): unknown =>
  typeof value === 'string' && !Object.hasOwn(augmentations, value) ? { use: 'siamese', strategy: value } : value

type Complete = (place: Place, value: unknown, kind: keyof Tables) => Named

function completeSet(place: Place, value: SetSettings | string, named: Complete): SetSettings {
  if (typeof value === 'string') return named(place, value, 'parameterizations')
  const { targets, of, ...set } = value
  return {
    ...named(place, set, 'parameterizations'),
    ...(of !== undefined && { of: named(inside(place, 'of'), of, 'parameterizations') }),
    ...(targets !== undefined && { targets }),
  }
}

function completeGame(place: Place, value: GameSettings | string, named: Complete): GameSettings {
  if (typeof value === 'string') return named(place, value, 'games')
  const { network, ...game } = value
  return {
    ...named(place, game, 'games'),
    ...(network !== undefined && { network: named(inside(place, 'network'), network, 'networks') }),
  }
}

function expertsFolder(where: Place, experts: { readonly folder?: string }, objective: Named, folder: string): string {
  if (experts.folder !== undefined) return resolve(folder, experts.folder)
  if (typeof objective.experts === 'string') return objective.experts
  throw new HabaError(
    placeName(inside(inside(where, 'experts'), 'folder')),
    'a path',
    'nothing',
    'Add it, or name the folder in the objective: both are the same.',
  )
}
