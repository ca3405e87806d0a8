import type { Tensor2D, Tensor4D } from '@tensorflow/tfjs-core'
import {
  disposeTree,
  fold,
  integers,
  permutation,
  sizeOf,
  tensor,
  trainer,
  type Batch,
  type Engine,
  type Key,
  type Network,
  type RealSource,
  type RenderedSet,
  type Trainer,
  type Training,
} from '@haba/core'
import type { Protocol } from './protocol.js'

/** Mean and population standard deviation (the field's `np.std`) of test accuracies, as fractions. */
export interface Accuracy {
  readonly mean: number
  readonly std: number
  /** One for each network. */
  readonly accuracies: readonly number[]
}

/** What is trained and tested, and where it runs. */
export interface EvaluateOptions {
  readonly engine: Engine
  readonly network: Network
  readonly protocol: Protocol
  readonly test: RealSource
  readonly key: Key
  /** Fresh networks. @default 5 */
  readonly networks?: number
  /** Called after every network. */
  readonly onNetwork?: (index: number, accuracy: number) => void
}

/**
 * Trains fresh networks on a rendered set and tests each once on real data. Hallucination is online: for every image of
 * every epoch a view is drawn (spec §6.9), so an epoch sees each slot once.
 */
export async function evaluateSet(set: RenderedSet, options: EvaluateOptions): Promise<Accuracy> {
  const { slots, views, image, classes } = set.layout
  const size = sizeOf(image)
  return evaluate(options, slots, async (rows, key) => {
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
  })
}

/** The same with real images: all of a source, or the chosen ones. */
export async function evaluateReal(
  real: RealSource,
  options: EvaluateOptions,
  chosen: Int32Array = Int32Array.from(real.labels.keys()),
): Promise<Accuracy> {
  return evaluate(options, chosen.length, async (rows) => {
    const indices = rows.map((row) => chosen[row]!)
    const targets = new Float32Array(indices.length * real.classes)
    indices.forEach((index, i) => (targets[i * real.classes + real.labels[index]!] = 1))
    return {
      images: await real.images(indices),
      targets: tensor(targets, [indices.length, real.classes]) as Tensor2D,
    }
  })
}

type Batches = (rows: Int32Array, key: Key) => Promise<Batch>

async function evaluate(options: EvaluateOptions, items: number, batches: Batches): Promise<Accuracy> {
  const { engine, network, protocol, test, key, networks = 5, onNetwork } = options
  const train = trainer({
    engine,
    network,
    momentum: protocol.momentum,
    weightDecay: protocol.weightDecay,
    ...(protocol.augmentation && { augmentation: protocol.augmentation }),
    ...(protocol.transform && { transform: protocol.transform.apply }),
  })
  const accuracies: number[] = []
  for (let i = 0; i < networks; i++) {
    const training = await trainOne(train, protocol, items, batches, fold(fold(key, 'network'), i))
    const { accuracy } = await train.test(training, test, protocol.testBatch)
    disposeTree(training)
    accuracies.push(accuracy)
    onNetwork?.(i, accuracy)
  }
  return summarise(accuracies)
}

async function trainOne(
  train: Trainer,
  protocol: Protocol,
  items: number,
  batches: Batches,
  key: Key,
): Promise<Training> {
  let training = train.start(fold(key, 'weights'))
  for (let epoch = 0; epoch <= protocol.epochs; epoch++) {
    const own = fold(fold(key, 'epoch'), epoch)
    if (epoch === protocol.drop.epoch) {
      const restarted = train.restart(training)
      disposeTree(training.velocity)
      training = restarted
    }
    const rate = rateAt(protocol, epoch)
    const order = permutation(fold(own, 'order'), items)
    for (let at = 0; at < items; at += protocol.batch) {
      const batch = await batches(order.slice(at, at + protocol.batch), fold(fold(own, 'views'), at))
      const { next } = await train.step(training, batch, rate, fold(fold(own, 'augment'), at))
      disposeTree(training, batch)
      training = next
    }
  }
  return training
}

/** The learning rate of an epoch index, `0 … epochs`. */
export const rateAt = (protocol: Protocol, epoch: number): number =>
  epoch < protocol.drop.epoch ? protocol.rate : protocol.rate * protocol.drop.factor

/** Mean and population standard deviation. */
export function summarise(accuracies: readonly number[]): Accuracy {
  const mean = accuracies.reduce((sum, a) => sum + a, 0) / accuracies.length
  const variance = accuracies.reduce((sum, a) => sum + (a - mean) ** 2, 0) / accuracies.length
  return { mean, std: Math.sqrt(variance), accuracies }
}
