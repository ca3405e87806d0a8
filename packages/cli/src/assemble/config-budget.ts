import {
  disposeTree,
  HabaError,
  keyFrom,
  namedLeaves,
  storageOf,
  tensorLeaves,
  type ImageContext,
  type Tree,
} from '@haba/core'
import { budgetOfSet, type SetBudget } from '@haba/eval'
import type { ReadConfig } from '../config/read-config.js'
import { shapesOf } from '../folder/finished-run.js'
import { mostStorage } from './coded-set.js'
import { inPlace } from './in-place.js'
import { makeSet } from './make-set.js'
import { makeAugmentation, makeNetwork, makeObjective } from './parts.js'

/** What the set of a configuration will store, before anything is run; of the data, only the shape is asked for. */
export async function configBudget(read: ReadConfig, shape?: ImageContext): Promise<SetBudget> {
  const context = shape ?? (await shapeOfData(read))
  const parameterization = await makeSet(read, context)
  const params = await shapesOf(parameterization)
  const plain = storageOf(parameterization, params)
  const { codec } = read.config
  const storage = codec
    ? await inPlace({ file: read.file, path: 'codec' }, () => mostStorage(params, plain, codec))
    : plain
  disposeTree(params)
  const transform = transformFloats(read, context)
  return budgetOfSet({
    ...context,
    storage,
    learned: await learnedFloats(read, context),
    ...(transform !== undefined && { transform }),
  })
}

/** What a configuration's data look like. @throws HabaError where only reading them tells */
async function shapeOfData({ config, tables, file }: ReadConfig): Promise<ImageContext> {
  const { use, ...options } = config.data
  const say = 'Or say it: --image 32,32,3 --classes 10.'
  try {
    const shape = await tables.datasets[use]!.shape?.(options)
    if (shape) return shape
  } catch (cause) {
    if (!HabaError.is(cause)) throw cause
    const { source: who, expected, received: got, hint: todo } = cause.facts
    throw new HabaError(`config ${file}: data: ${who}`, expected, got, `${todo} ${say}`, { cause })
  }
  throw new HabaError(`config ${file}: data`, 'a dataset that tells its shape without being read', `"${use}"`, say)
}

/** Floats of what the objective learns beside the set. */
async function learnedFloats(read: ReadConfig, data: ImageContext): Promise<Readonly<Record<string, number>>> {
  const network = await makeNetwork(read, read.config.network, data, 'network')
  const augmentation = await makeAugmentation(read, read.config.augmentation, data, 'augmentation')
  try {
    const objective = await makeObjective({ read, data, network, augmentation })
    const { params, state } = objective.init(keyFrom(0)) as { readonly params: Tree; readonly state: Tree }
    const leaves = tensorLeaves(params).length === 0 ? [] : [...namedLeaves(params)]
    const floats = Object.fromEntries(leaves.map(([name, leaf]) => [`objective.${name}`, leaf.size]))
    disposeTree(params, state)
    return floats
  } catch (error) {
    if (!HabaError.is(error)) throw error
    // Experts may not be recorded yet; what such an objective moves are step sizes.
    const moved = Object.keys(read.config.objectiveOptimizer ?? {})
    return Object.fromEntries(moved.map((name) => [`objective.${name}`, 1]))
  }
}

/** Floats of what brings pixels to what networks see: means and deviations a channel, or a mean and a whitening matrix. */
function transformFloats({ config }: ReadConfig, { image }: ImageContext): number | undefined {
  const { preprocessing } = config.data
  if (preprocessing === undefined || preprocessing === 'none') return undefined
  const size = image[0] * image[1] * image[2]
  return preprocessing === 'zca' ? size + size * size : 2 * image[2]
}
