import {
  disposeTree,
  fold,
  permutation,
  realBatch,
  trainer,
  type Augmentation,
  type Batch,
  type Key,
  type Mixing,
  type Trainer,
  type Training,
} from '@haba/core'
import type { Practice } from './carried-network.js'
import { trainEpoch } from './train-epoch.js'

/** Options of `practiceOnSet`. */
export interface PracticeOnSetOptions {
  /** Passes over the set. */
  readonly epochs: number
  /** @default 0.01 */
  readonly rate?: number
  /** Images a step. @default 256 */
  readonly batch?: number
  /** A draw for each image. */
  readonly augmentation?: Augmentation | undefined
}

/** DC's way: plain SGD on the updated set; every slot once an epoch, each under a view drawn for it. */
export const practiceOnSet = ({ epochs, rate = 0.01, batch = 256, augmentation }: PracticeOnSetOptions): Practice => ({
  momentum: 0,
  on: (engine, network) => {
    const fit = trainer({ engine, network, ...(augmentation && { augmentation }) })
    return async (key, from) => {
      let { training } = from.state
      for (let epoch = 0; epoch < epochs; epoch++) {
        const next = await trainEpoch(fit, training, fold(fold(key, 'epoch'), epoch), from, { rate, batch })
        disposeTree(training)
        training = next
      }
      return training
    }
  },
})

/** Options of `practiceOnReal`. */
export interface PracticeOnRealOptions {
  /** At least so many real images between two matchings. @default 2000 */
  readonly images?: number
  /** Images a step. @default 64 */
  readonly batch?: number
  /** @default 0.01 */
  readonly rate?: number
  /** @default 0.9 */
  readonly momentum?: number
  /** @default 5e-4 */
  readonly weightDecay?: number
  /** A draw for each image. */
  readonly augmentation?: Augmentation | undefined
  /** After the augmentation; IDC's is cutmix on half of the batches. */
  readonly mixing?: Mixing | undefined
}

/** IDC's way: SGD with momentum on random real images, so that gradients stay those of a network in real training. */
export const practiceOnReal = ({
  images = 2000,
  batch = 64,
  rate = 0.01,
  momentum = 0.9,
  weightDecay = 5e-4,
  augmentation,
  mixing,
}: PracticeOnRealOptions = {}): Practice => ({
  momentum,
  on: (engine, network) => {
    const fit = trainer({
      engine,
      network,
      momentum,
      weightDecay,
      ...(augmentation && { augmentation }),
      ...(mixing && { mixing }),
    })
    return async (key, { real, state }) => {
      let { training } = state
      const order = permutation(fold(key, 'order'), real.labels.length)
      // Whole batches, as many as are needed; a small data set gives what it has.
      const wanted = Math.min(Math.ceil(images / batch) * batch, order.length)
      for (let at = 0; at < wanted; at += batch) {
        const chosen = order.slice(at, Math.min(at + batch, wanted))
        training = await stepOn(fit, training, await realBatch(real, chosen), rate, fold(fold(key, 'batch'), at))
      }
      return training
    }
  },
})

/** One step; the batch and the training before it are used up. */
async function stepOn(fit: Trainer, training: Training, batch: Batch, rate: number, key: Key): Promise<Training> {
  const { next } = await fit.step(training, batch, rate, key)
  disposeTree(training, batch)
  return next
}
