import type { Tensor2D, Tensor4D } from '@tensorflow/tfjs-core'
import {
  checkArguments,
  disposeTree,
  foldIn,
  HabaError,
  permutation,
  realBatch,
  trainer,
  type Augmentation,
  type Engine,
  type Key,
  type Network,
  type RealSource,
  type Training,
} from '@haba/core'
import { forgettingCounter } from './forgetting.js'

/** Options of `observeTraining`. */
export interface ObserveTrainingOptions {
  readonly engine: Engine
  readonly network: Network
  readonly real: RealSource
  readonly key: Key
  /** Epochs over all real images. */
  readonly epochs: number
  /** Applied to training batches, with a separate draw for each image. */
  readonly augmentation?: Augmentation
  /** @default 0.01 */
  readonly learningRate?: number
  /** @default 0.9 */
  readonly momentum?: number
  /** @default 5e-4 */
  readonly weightDecay?: number
  /** Images per step. @default 256 */
  readonly batch?: number
  /** Whether to count forgetting events, which costs a forward pass over every batch. @default true */
  readonly counts?: boolean
  /** Called after every batch. */
  readonly onStep?: (step: number, steps: number) => void
}

/** A network trained on all real images, with its forgetting events. */
export interface Observed {
  /** The caller owns it. */
  readonly trained: Training
  /** Forgetting events of every image: `[images]`; zeros if they were not counted. */
  readonly forgotten: Int32Array
}

/**
 * Trains a network on all real images and counts the forgetting events of every image. Predictions for a batch are recorded
 * before the step on it.
 */
export async function observeTraining(options: ObserveTrainingOptions): Promise<Observed> {
  checkArguments('observeTraining', options, {
    engine: 'engine',
    network: 'network',
    real: 'real',
    key: 'key',
    augmentation: 'augmentation?',
  })
  const { engine, network, real, key, epochs, augmentation, onStep } = options
  const { learningRate = 0.01, momentum = 0.9, weightDecay = 5e-4, batch = 256, counts = true } = options
  if (!Number.isInteger(epochs) || epochs < 1)
    throw new HabaError('observeTraining', 'at least 1 epoch', `${epochs}`, '')
  const fit = trainer({ engine, network, momentum, weightDecay, ...(augmentation && { augmentation }) })
  const classify = engine.compile(
    `${network.name}/observed`,
    ({ weights, state }: Training, images: Tensor4D) => network.apply(weights, images, { kind: 'train', state }).logits,
  )
  const counter = forgettingCounter(real.labels.length)
  const steps = epochs * Math.ceil(real.labels.length / batch)
  let trained = fit.start(foldIn(key, 'weights'))
  let step = 0
  for (let epoch = 0; epoch < epochs; epoch++) {
    const order = permutation(foldIn(foldIn(key, 'order'), epoch), real.labels.length)
    for (let at = 0; at < order.length; at += batch) {
      const indices = order.slice(at, at + batch)
      const own = await realBatch(real, indices)
      if (counts) {
        const logits = await classify(trained, own.images)
        const right = await rightOf(logits, indices, real)
        indices.forEach((index, row) => counter.see(index, right[row]!))
        disposeTree(logits)
      }
      const { next } = await fit.step(trained, own, learningRate, foldIn(foldIn(key, 'augment'), step))
      disposeTree(trained, own)
      trained = next
      onStep?.(++step, steps)
    }
  }
  return { trained, forgotten: counter.counts }
}

async function rightOf(logits: Tensor2D, indices: Int32Array, { labels, classes }: RealSource): Promise<boolean[]> {
  const values = await logits.data<'float32'>()
  return Array.from(indices, (index, row) => {
    const scores = values.subarray(row * classes, (row + 1) * classes)
    return scores.every((score) => score <= scores[labels[index]!]!)
  })
}
