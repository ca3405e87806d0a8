import {
  atLeast,
  byName,
  fold,
  HabaError,
  keyFrom,
  sgd,
  type AnyGame,
  type AnyObjective,
  type AnyParameterization,
  type Augmentation,
  type Dataset,
  type Engine,
  type ImageContext,
  type Key,
  type Network,
  type ObjectiveContext,
  type Optimizer,
} from '@haba/core'
import { recomputed, stored, type Differentiation } from '@haba/distill'
import { batchStandardisation, protocols, type Protocol } from '@haba/eval'
import type { EvaluateSettings, Named, Optimizers } from '../config/config.js'
import type { ReadConfig } from '../config/read-config.js'
import { inside, placeName, type Place } from '../config/validate.js'
import type { OpenEngine } from '../plugins/engines.js'

/** What a configuration describes, made. Each part is made on its own, so that no command needs more than it uses. */
export interface Parts {
  readonly read: ReadConfig
  readonly engine: Engine
  readonly key: Key
  readonly data: Dataset
  readonly network: Network
  /** Undefined where images stay as they are. */
  readonly augmentation: Augmentation | undefined
}

/** Opens the engine of a configuration. */
export const openEngine = ({ config, tables, file }: ReadConfig): Promise<OpenEngine> =>
  within({ file, path: 'engine' }, () => tables.engines[config.engine.use]!.make(optionsOf(config.engine), {}))

/** Reads the data, and makes what depends on its shape alone. */
export async function openParts(read: ReadConfig, engine: Engine, onProgress: (text: string) => void): Promise<Parts> {
  const { config, tables, file } = read
  const data = await within({ file, path: 'data' }, () =>
    tables.datasets[config.data.use]!.make(optionsOf(config.data), { engine, onProgress }),
  )
  return {
    read,
    engine,
    key: keyFrom(config.seed),
    data,
    network: await makeNetwork(read, config.network, data, 'network'),
    augmentation: await makeAugmentation(read, config.augmentation, data, 'augmentation'),
  }
}

const optionsOf = ({ use: _, ...options }: Named) => options
const shapeOf = ({ image, classes }: ImageContext): ImageContext => ({ image, classes })

/** Errors of a part also name the place in the file that it was made from. */
async function within<T>(place: Place, make: () => T | Promise<T>): Promise<T> {
  try {
    return await make()
  } catch (error) {
    throw located(place, error)
  }
}

function located(place: Place, error: unknown): unknown {
  if (!HabaError.is(error)) return error
  const { who, expected, got, todo } = error.facts
  return new HabaError(`${placeName(place)}: ${who}`, expected, got, todo, { cause: error })
}

export const makeNetwork = (
  { tables, file }: ReadConfig,
  named: Named,
  context: ImageContext,
  path: string,
): Promise<Network> =>
  within({ file, path }, () => tables.networks[named.use]!.make(optionsOf(named), shapeOf(context)))

export async function makeAugmentation(
  { tables, file }: ReadConfig,
  named: Named,
  context: ImageContext,
  path: string,
): Promise<Augmentation | undefined> {
  const make = () => tables.augmentations[named.use]!.make(optionsOf(named), shapeOf(context))
  const made = await within({ file, path }, make)
  return made.name === 'none' ? undefined : made
}

export const makeSet = (
  { config, tables, file }: ReadConfig,
  context: ImageContext,
  named: Named = config.set,
): Promise<AnyParameterization> =>
  within({ file, path: 'set' }, () => tables.parameterizations[named.use]!.make(optionsOf(named), shapeOf(context)))

const objectiveContext = ({ data, network, augmentation }: Parts): ObjectiveContext => ({
  ...shapeOf(data),
  network,
  ...(augmentation && { augmentation }),
})

export const makeObjective = (parts: Parts): Promise<AnyObjective> => {
  const { config, tables, file } = parts.read
  return within({ file, path: 'objective' }, () =>
    tables.objectives[config.objective.use]!.make(optionsOf(config.objective), objectiveContext(parts)),
  )
}

export const makeGames = (parts: Parts): Promise<readonly AnyGame[]> => {
  const { config, tables, file } = parts.read
  return Promise.all(
    config.games.map(async ({ network, ...game }, i) => {
      const place = inside({ file, path: 'games' }, i)
      const critic = network && (await makeNetwork(parts.read, network, parts.data, `${place.path}.network`))
      const context = { ...objectiveContext(parts), ...(critic && { network: critic }) }
      return await within(place, () => tables.games[game.use]!.make(optionsOf(game), context))
    }),
  )
}

/** SGD part by part; a part that the parameters lack, or lack an optimiser for, is an error at `init`. */
export function makeOptimizer({ file }: ReadConfig, settings: Optimizers, path: string): Optimizer {
  const parts = Object.entries(settings).map(([name, { atLeast: bound, ...options }]) => {
    const plain = sgd(options)
    return [name, (bound === undefined ? plain : atLeast(bound, plain)) as unknown as Optimizer] as const
  })
  const optimizer = byName(Object.fromEntries(parts)) as unknown as Optimizer
  return {
    ...optimizer,
    init: (params) => {
      try {
        return optimizer.init(params)
      } catch (error) {
        throw located({ file, path }, error)
      }
    },
  }
}

export const differentiations = { recomputed, stored } as const satisfies Record<string, Differentiation>

/**
 * The protocol of an "evaluate" section.
 *
 * @param learned the set's own step size, where it has one
 * @throws HabaError if the section asks for a learned rate, and the set has none
 */
export async function makeProtocol(
  { read, data, augmentation }: Pick<Parts, 'read' | 'data' | 'augmentation'>,
  settings: EvaluateSettings,
  learned: number | undefined,
): Promise<Protocol> {
  const { rate, epochs, batch } = settings
  const place = { file: read.file, path: 'evaluate' }
  if (rate === 'learned' && learned === undefined)
    throw new HabaError(
      placeName(inside(place, 'rate')),
      'an objective that learns a rate, for "learned"',
      `"${read.config.objective.use}", which learns none`,
      'Write a number, such as 0.01.',
    )
  const own =
    settings.augmentation && (await makeAugmentation(read, settings.augmentation, data, 'evaluate.augmentation'))
  const used = settings.augmentation ? own : augmentation
  return within(place, () =>
    protocols[settings.protocol]({
      rate: rate === 'learned' ? learned! : rate,
      batch,
      ...(epochs !== undefined && { epochs }),
      ...(used && { augmentation: used }),
    }),
  )
}

/** What an experts section's `transform` names. */
export const transforms = { none: undefined, 'batch-standardisation': batchStandardisation.apply } as const

/** Keys for what a run draws besides its own steps. */
export const keyFor = (key: Key, purpose: 'distill' | 'random' | 'evaluate' | 'experts'): Key => fold(key, purpose)
