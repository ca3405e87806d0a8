import {
  checkArguments,
  disposeTree,
  foldIn,
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
import { summarize, type Accuracy } from './statistics.js'
import { trainUnder, type TrainingData } from './train-under.js'

/** Network, test data, protocol and engine of an evaluation. */
export interface EvaluateOptions {
  readonly engine: Engine
  readonly network: Network
  readonly protocol: Protocol
  readonly test: RealSource
  readonly key: Key
  /** Fresh networks. @default 5 */
  readonly networks?: number
  /** Index of the first network: network i is the same in every evaluation. @default 0 */
  readonly first?: number
  /** Called after every training step with the network's steps so far and in total. */
  readonly onStep?: (step: number, steps: number) => void
  /** Called after every network. */
  readonly onNetwork?: (index: number, accuracy: number) => void
}

/**
 * Trains fresh networks on a rendered set and tests each once on real data. Every epoch shows each slot once, under a random
 * view.
 */
export async function evaluateSet(set: RenderedSet, options: EvaluateOptions): Promise<Accuracy> {
  checkArguments('evaluateSet', { set }, { set: 'rendered' })
  return evaluate('evaluateSet', options, () => dataOfSet(set))
}

/** `evaluateSet` for real images: all of a source, or the chosen ones. */
export async function evaluateReal(real: RealSource, options: EvaluateOptions, chosen?: Int32Array): Promise<Accuracy> {
  checkArguments('evaluateReal', { real, chosen }, { real: 'real', chosen: 'integers?' })
  return evaluate('evaluateReal', options, () => dataOfReal(real, chosen))
}

/** `evaluateSet` for real images that are drawn again for each network, so that the deviation includes the draw. */
export async function evaluateDraws(
  real: RealSource,
  options: EvaluateOptions,
  choose: (network: number) => Int32Array,
): Promise<Accuracy> {
  checkArguments('evaluateDraws', { real, choose }, { real: 'real', choose: 'function' })
  return evaluate('evaluateDraws', options, (network) => dataOfReal(real, choose(network)))
}

/** `evaluateSet` for any training data. */
export async function evaluateOn(data: TrainingData, options: EvaluateOptions): Promise<Accuracy> {
  checkArguments('evaluateOn', { data }, { data: 'object' })
  return evaluate('evaluateOn', options, () => data)
}

/** A rendered set as training data. */
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
        images: tensor(images, [rows.length, ...image]),
        targets: tensor(targets, [rows.length, classes]),
      }
    },
  }
}

/** Real images as training data: all of a source, or the chosen ones. */
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

async function evaluate(
  who: string,
  options: EvaluateOptions,
  dataFor: (network: number) => TrainingData,
): Promise<Accuracy> {
  checkArguments(who, options, { engine: 'engine', network: 'network', protocol: 'protocol', test: 'real', key: 'key' })
  const { protocol, test, key, networks = 5, first = 0, onStep, onNetwork } = options
  const train = trainerOf(options)
  const accuracies: number[] = []
  for (let i = first; i < first + networks; i++) {
    let training: Training | undefined
    const data = dataFor(i)
    const how = { train, protocol, data, key: foldIn(foldIn(key, 'network'), i), ...(onStep && { onStep }) }
    for await (const trained of trainUnder(how)) training = trained.training
    const { accuracy } = await train.test(training!, test, protocol.testBatch)
    disposeTree(training)
    accuracies.push(accuracy)
    onNetwork?.(i, accuracy)
  }
  return summarize(accuracies)
}
