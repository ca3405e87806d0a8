import {
  fold,
  HabaError,
  keyFrom,
  type AnyGame,
  type AnyObjective,
  type AnyParameterization,
  type Augmentation,
  type Dataset,
  type Engine,
  type ImageContext,
  type ImageShape,
  type Key,
  type Network,
  type ObjectiveContext,
  type Mixing,
  type RealSource,
} from '@haba/core'
import { recomputed, stored, tesla, teslaReleased, type Differentiation } from '@haba/distill'
import { batchStandardisation, holdOut, protocols, type Protocol } from '@haba/eval'
import { labelled } from '@haba/meta'
import type { EvaluateSettings, Named } from '../config/config.js'
import type { ReadConfig } from '../config/read-config.js'
import { inside, placeName } from '../config/validate.js'
import { defaultEngine, type OpenEngine } from '../plugins/engines.js'
import { inPlace } from './in-place.js'
import { labelStart, labelStorages } from './labels.js'

/** What can be made without reading data. */
export interface Shaped {
  readonly read: ReadConfig
  readonly data: ImageContext
  readonly network: Network
  /** Undefined where images stay as they are. */
  readonly augmentation: Augmentation | undefined
}

/** What a configuration describes, made. Each part is made on its own, so that no command needs more than it uses. */
export interface Parts extends Shaped {
  readonly engine: Engine
  readonly key: Key
  readonly data: Dataset
  /** Held out of the training data, under a protocol that chooses by it. */
  readonly validation?: RealSource
}

/**
 * Opens the engine of a configuration, or the default where that one cannot be had.
 *
 * @param say told of it in one line
 */
export async function openEngine(
  { config, tables, file }: ReadConfig,
  say: (text: string) => void,
): Promise<OpenEngine> {
  const { use } = config.engine
  const open = (name: string, options: Readonly<Record<string, unknown>>) =>
    inPlace({ file, path: 'engine' }, () => tables.engines[name]!.make(options, {}))
  try {
    return await open(use, optionsOf(config.engine))
  } catch (error) {
    if (!HabaError.is(error)) throw error
    const { expected, got, todo } = error.facts
    say(`Using ${defaultEngine} instead of ${use}: expected ${expected}, got ${got}. ${todo}`)
    return open(defaultEngine, {})
  }
}

/** Reads the data, and makes what depends on its shape alone. */
export async function openParts(read: ReadConfig, engine: Engine, onProgress: (text: string) => void): Promise<Parts> {
  const { config, tables, file } = read
  const whole = await inPlace({ file, path: 'data' }, () =>
    tables.datasets[config.data.use]!.make(optionsOf(config.data), { engine, onProgress }),
  )
  const key = keyFrom(config.seed)
  const { protocol, validation } = config.evaluate
  const held = protocol === 'ours' ? holdOut(whole.train, validation, keyFor(key, 'validation')) : undefined
  const data = held ? { ...whole, train: held.train } : whole
  return {
    read,
    engine,
    key,
    data,
    ...(held && { validation: held.validation }),
    network: await makeNetwork(read, config.network, data, 'network'),
    augmentation: await makeAugmentation(read, config.augmentation, data, 'augmentation'),
  }
}

const optionsOf = ({ use: _, ...options }: Named) => options
const shapeOf = ({ image, classes }: ImageContext): ImageContext => ({ image, classes })

export const makeNetwork = (
  { tables, file }: ReadConfig,
  named: Named,
  context: ImageContext,
  path: string,
): Promise<Network> =>
  inPlace({ file, path }, () => tables.networks[named.use]!.make(optionsOf(named), shapeOf(context)))

export async function makeAugmentation(
  { tables, file }: ReadConfig,
  named: Named,
  context: ImageContext,
  path: string,
): Promise<Augmentation | undefined> {
  const make = () => tables.augmentations[named.use]!.make(optionsOf(named), shapeOf(context))
  const made = await inPlace({ file, path }, make)
  return made.name === 'none' ? undefined : made
}

async function makeMixing(
  { tables, file }: ReadConfig,
  named: Named,
  context: ImageContext,
  path: string,
): Promise<Mixing> {
  return await inPlace({ file, path }, () => tables.mixings[named.use]!.make(optionsOf(named), shapeOf(context)))
}

/**
 * The set of a configuration.
 *
 * @param parts for labels that an expert gives; without, only their shapes are right
 */
export const makeSet = (
  { config, tables, file }: ReadConfig,
  context: ImageContext,
  parts?: Parts,
): Promise<AnyParameterization> =>
  inPlace({ file, path: 'set' }, async () => {
    const { targets, of, ...named } = config.set
    const { image, classes } = context
    const size = (named.basis as ImageShape | undefined) ?? image
    const inner = of && (await tables.parameterizations[of.use]!.make(optionsOf(of), { image: size, classes }))
    const made = await tables.parameterizations[named.use]!.make(optionsOf(named), {
      ...shapeOf(context),
      ...(inner && { of: inner }),
    })
    return targets
      ? labelled({ of: made, stored: labelStorages[targets.stored], start: await labelStart(targets, parts) })
      : made
  })

const objectiveContext = ({ data, network, augmentation }: Shaped): ObjectiveContext => ({
  ...shapeOf(data),
  network,
  ...(augmentation && { augmentation }),
})

export const makeObjective = async (parts: Shaped): Promise<AnyObjective> => {
  const { config, tables, file } = parts.read
  const training = await makeTraining(parts)
  return await inPlace({ file, path: 'objective' }, () =>
    tables.objectives[config.objective.use]!.make(optionsOf(config.objective), {
      ...objectiveContext(parts),
      ...(training && { training }),
    }),
  )
}

/** The section "training", where there is one. */
async function makeTraining({ read, data }: Shaped): Promise<ObjectiveContext['training'] | undefined> {
  const { config } = read
  if (!config.training) return undefined
  const { augmentation, mixing } = config.training
  const made = augmentation && (await makeAugmentation(read, augmentation, data, 'training.augmentation'))
  const mixed = mixing && (await makeMixing(read, mixing, data, 'training.mixing'))
  return { ...(made && { augmentation: made }), ...(mixed && { mixing: mixed }) }
}

export const makeGames = (parts: Parts): Promise<readonly AnyGame[]> => {
  const { config, tables, file } = parts.read
  return Promise.all(
    config.games.map(async ({ network, ...game }, i) => {
      const place = inside({ file, path: 'games' }, i)
      const critic = network && (await makeNetwork(parts.read, network, parts.data, `${place.path}.network`))
      const context = { ...objectiveContext(parts), ...(critic && { network: critic }) }
      return await inPlace(place, () => tables.games[game.use]!.make(optionsOf(game), context))
    }),
  )
}

export const differentiations = {
  recomputed,
  stored,
  tesla,
  'tesla-released': teslaReleased,
} as const satisfies Record<string, Differentiation>

/**
 * The protocol of an "evaluate" section.
 *
 * @param learned the set's own step size, where it has one
 * @throws HabaError if the section asks for a learned rate, and the set has none
 */
export async function makeProtocol(
  { read, data, augmentation }: Pick<Shaped, 'read' | 'data' | 'augmentation'>,
  settings: EvaluateSettings,
  learned: number | undefined,
): Promise<Protocol> {
  const { rate, epochs, batch, mixing } = settings
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
  const mixed = mixing && (await makeMixing(read, mixing, data, 'evaluate.mixing'))
  return inPlace(place, () =>
    protocols[settings.protocol]({
      rate: rate === 'learned' ? learned! : rate,
      ...(rate === 'learned' && settings.protocol !== 'ours' && { rateFrom: 'learned' }),
      ...(batch !== undefined && { batch }),
      ...(epochs !== undefined && { epochs }),
      ...(used && { augmentation: used }),
      ...(mixed && { mixing: mixed }),
    }),
  )
}

/** What an experts section's `transform` names. */
export const transforms = { none: undefined, 'batch-standardisation': batchStandardisation.apply } as const

/** Keys for what a run draws besides its own steps. */
export const keyFor = (
  key: Key,
  purpose:
    | 'distill'
    | 'random'
    | 'select'
    | 'validation'
    | 'evaluate'
    | 'experts'
    | 'continual'
    | 'search'
    | 'refine'
    | 'jpeg',
): Key => fold(key, purpose)
