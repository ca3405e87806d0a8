import {
  foldIn,
  HabaError,
  keyFrom,
  type AnyGame,
  type AnyObjective,
  type Augmentation,
  type Dataset,
  type Engine,
  type ImageContext,
  type Key,
  type Network,
  type ObjectiveContext,
  type Mixing,
  type RealSource,
} from '@haba/core'
import { recompute, store, tesla, teslaReleased, type Differentiation } from '@haba/distill'
import { batchStandardization, holdOut, protocols, type Protocol } from '@haba/eval'
import type { EvaluateSettings, Named } from '../config/config.js'
import type { ReadConfig } from '../config/read-config.js'
import { inside, placeName } from '../config/place.js'
import { defaultEngine, type OpenEngine } from '../plugins/engines.js'
import { inPlace } from './in-place.js'
import { checkRun, dataOf, distilledParts, inOrderOf, preprocessingOf, type MadeOf } from '../folder/made-of.js'
import { restorePreprocessing } from '../folder/preprocessing-file.js'
import { checkSizes } from './sizes.js'

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
  /** How all of it is recognized. */
  readonly made: MadeOf
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
    const { expected, received: got, hint: todo } = error.facts
    say(`Using ${defaultEngine} instead of ${use}: expected ${expected}, got ${got}. ${todo}`)
    return open(defaultEngine, {})
  }
}

/**
 * Reads the data, and makes what depends on its shape alone. For the configuration of a run, images are preprocessed as the
 * run's were and classes are matched by their names.
 *
 * @param compared what must be as the run was made of, where the configuration is one of a run
 * @throws HabaError where it is not
 */
export async function openParts(
  read: ReadConfig,
  engine: Engine,
  onProgress: (text: string) => void,
  compared: readonly (keyof MadeOf)[] = distilledParts,
): Promise<Parts> {
  const { config, tables, file, run } = read
  const saved = run?.preprocessing && (await restorePreprocessing(run.folder, run.preprocessing, engine))
  const found = await inPlace({ file, path: 'data' }, () =>
    tables.datasets[config.data.use]!.make(optionsOf(config.data), {
      engine,
      onProgress,
      ...(saved && { preprocessing: saved }),
    }),
  )
  const whole = run?.made.classes ? inOrderOf(found, run.made.classes) : found
  const key = keyFrom(config.seed)
  const { protocol, validation } = config.evaluate
  const held = protocol === 'ours' ? holdOut(whole.train, validation, keyFor(key, 'validation')) : undefined
  const data = held ? { ...whole, train: held.train } : whole
  const network = await makeNetwork(read, config.network, data, 'network')
  const augmentation = await makeAugmentation(read, config.augmentation, data, 'augmentation')
  const made: MadeOf = {
    ...(await dataOf(whole)),
    ...(held && { heldOut: { part: validation, seed: config.seed } }),
    ...preprocessingOf(whole.preprocessing),
    network: network.name,
    augmentation: augmentation?.name ?? 'none',
    ...(run?.made.run !== undefined && { run: run.made.run }),
  }
  if (run) checkRun(run, made, compared)
  return {
    read,
    engine,
    key,
    data,
    ...(held && { validation: held.validation }),
    network,
    augmentation,
    made,
  }
}

/** What a name is given. */
export const optionsOf = ({ use: _, ...options }: Named) => options
/** What components need to know of the data. */
export const shapeOf = ({ image, classes }: ImageContext): ImageContext => ({ image, classes })

export const makeNetwork = (
  { tables, file }: ReadConfig,
  named: Named,
  context: ImageContext,
  path: string,
): Promise<Network> =>
  inPlace({ file, path }, () => {
    checkSizes(named, context)
    return tables.networks[named.use]!.make(optionsOf(named), shapeOf(context))
  })

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

const objectiveContext = ({ data, network, augmentation }: Shaped): ObjectiveContext => ({
  ...shapeOf(data),
  network,
  ...(augmentation && { augmentation }),
})

export const makeObjective = async (parts: Shaped): Promise<AnyObjective> => {
  const { config, tables, file } = parts.read
  const training = await makeTraining(parts)
  return await inPlace({ file, path: 'objective' }, () => {
    checkSizes(config.objective, parts.data)
    return tables.objectives[config.objective.use]!.make(optionsOf(config.objective), {
      ...objectiveContext(parts),
      ...(training && { training }),
    })
  })
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
  recompute,
  store,
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
  const { learningRate: rate, epochs, batch, mixing } = settings
  const place = { file: read.file, path: 'evaluate' }
  if (rate === 'learned' && learned === undefined)
    throw new HabaError(
      placeName(inside(place, 'learningRate')),
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
      learningRate: rate === 'learned' ? learned! : rate,
      ...(rate === 'learned' && settings.protocol !== 'ours' && { rateFrom: 'learned' }),
      ...(batch !== undefined && { batch }),
      ...(epochs !== undefined && { epochs }),
      ...(used && { augmentation: used }),
      ...(mixed && { mixing: mixed }),
    }),
  )
}

/** What an experts section's `transform` names. */
export const transforms = { none: undefined, 'batch-standardization': batchStandardization.apply } as const

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
): Key => foldIn(key, purpose)
