import type { Tensor2D, Tensor4D } from '@tensorflow/tfjs-core'
import {
  disposeTree,
  fold,
  integers,
  realBatch,
  sizeOf,
  tensor,
  trainer,
  type Engine,
  type Key,
  type Network,
  type RealSource,
  type RenderedSet,
  type Trainer,
  type Training,
} from '@haba/core'
import type { Protocol } from './protocol.js'
import { summarise, type Accuracy } from './statistics.js'
import { trainUnder, type TrainingData } from './train-under.js'

/** What is trained and tested, and where it runs. */
export interface EvaluateOptions {
  readonly engine: Engine
  readonly network: Network
  readonly protocol: Protocol
  readonly test: RealSource
  readonly key: Key
  /** Fresh networks. @default 5 */
  readonly networks?: number
  /** The number of the first one: network i is the same whoever else is trained. @default 0 */
  readonly first?: number
  /** Called after every network. */
  readonly onNetwork?: (index: number, accuracy: number) => void
}

/**
 * Trains fresh networks on a rendered set and tests each once on real data. Hallucination is online: for every image of
 * every epoch a view is drawn (spec §6.9), so an epoch sees each slot once.
 */
export const evaluateSet = (set: RenderedSet, options: EvaluateOptions): Promise<Accuracy> =>
  evaluate(options, () => dataOfSet(set))

/** The same with real images: all of a source, or the chosen ones. */
export const evaluateReal = (real: RealSource, options: EvaluateOptions, chosen?: Int32Array): Promise<Accuracy> =>
  evaluate(options, () => dataOfReal(real, chosen))

/** The same with real images that are chosen anew for each network, so that their luck is part of the deviation. */
export const evaluateDraws = (
  real: RealSource,
  options: EvaluateOptions,
  choose: (network: number) => Int32Array,
): Promise<Accuracy> => evaluate(options, (network) => dataOfReal(real, choose(network)))

/** The same with whatever makes batches. */
export const evaluateOn = (data: TrainingData, options: EvaluateOptions): Promise<Accuracy> =>
  evaluate(options, () => data)

/** A rendered set to train on. */
export function dataOfSet(set: RenderedSet): TrainingData {
  const { slots, views, image, classes } = set.layout
  const size = sizeOf(image)
  return {
    items: slots,
    batch: async (rows, key) => {
      const drawn = integers(key, rows.length, views)
      const images = new Float32Array(rows.length * size)
      const targets = new Float32Array(rows.length * classes)
      rows.forEach((slot, i) => {
        const from = (drawn[i]! * slots + slot) * size
        images.set(set.images.subarray(from, from + size), i * size)
        targets.set(set.targets.subarray(slot * classes, (slot + 1) * classes), i * classes)
      })
      return {
        images: tensor(images, [rows.length, ...image]) as Tensor4D,
        targets: tensor(targets, [rows.length, classes]) as Tensor2D,
      }
    },
  }
}

/** Real images to train on: all of a source, or the chosen ones. */
export function dataOfReal(real: RealSource, chosen: Int32Array = Int32Array.from(real.labels.keys())): TrainingData {
  return {
    items: chosen.length,
    batch: (rows) =>
      realBatch(
        real,
        rows.map((row) => chosen[row]!),
      ),
  }
}

const trainerOf = ({ engine, network, protocol }: EvaluateOptions): Trainer =>
  trainer({
    engine,
    network,
    momentum: protocol.momentum,
    weightDecay: protocol.weightDecay,
    ...(protocol.augmentation && { augmentation: protocol.augmentation }),
    ...(protocol.mixing && { mixing: protocol.mixing }),
    ...(protocol.transform && { transform: protocol.transform.apply }),
  })

async function evaluate(options: EvaluateOptions, dataFor: (network: number) => TrainingData): Promise<Accuracy> {
  const { protocol, test, key, networks = 5, first = 0, onNetwork } = options
  const train = trainerOf(options)
  const accuracies: number[] = []
  for (let i = first; i < first + networks; i++) {
    let training: Training | undefined
    const data = dataFor(i)
    for await (const trained of trainUnder({ train, protocol, data, key: fold(fold(key, 'network'), i) }))
      training = trained.training
    const { accuracy } = await train.test(training!, test, protocol.testBatch)
    disposeTree(training!)
    accuracies.push(accuracy)
    onNetwork?.(i, accuracy)
  }
  return summarise(accuracies)
}
