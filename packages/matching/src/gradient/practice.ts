import {
  disposeOnThrow,
  disposeTree,
  foldIn,
  permutation,
  realBatch,
  trainer,
  type Augmentation,
  type Mixing,
} from '@haba/core'
import type { Practice } from './carried-network.js'
import { trainEpoch } from '../train-epoch.js'

/** Options of `practiceOnSet`. */
export interface PracticeOnSetOptions {
  /** Passes over the set. */
  readonly epochs: number
  /** @default 0.01 */
  readonly learningRate?: number
  /** Images a step. @default 256 */
  readonly batch?: number
  /** A draw for each image. */
  readonly augmentation?: Augmentation | undefined
}

/** DC's way: plain SGD on the updated set; every slot once an epoch, each under a view drawn for it. */
export const practiceOnSet = ({
  epochs,
  learningRate = 0.01,
  batch = 256,
  augmentation,
}: PracticeOnSetOptions): Practice => ({
  momentum: 0,
  on: (engine, network) => {
    const fit = trainer({ engine, network, ...(augmentation && { augmentation }) })
    return (key, from) =>
      disposeOnThrow(async (own) => {
        let { training } = from.state
        for (let epoch = 0; epoch < epochs; epoch++) {
          const next = own(
            await trainEpoch(fit, training, foldIn(foldIn(key, 'epoch'), epoch), from, { learningRate, batch }),
          )
          disposeTree(training)
          training = next
        }
        return training
      })
  },
})

/** Options of `practiceOnReal`. */
export interface PracticeOnRealOptions {
  /** At least so many real images between two matchings. @default 2000 */
  readonly images?: number
  /** Images a step. @default 64 */
  readonly batch?: number
  /** @default 0.01 */
  readonly learningRate?: number
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
  learningRate = 0.01,
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
    return (key, { real, state }) =>
      disposeOnThrow(async (own) => {
        let { training } = state
        const order = permutation(foldIn(key, 'order'), real.labels.length)
        // Whole batches, as many as are needed; a small data set gives what it has.
        const wanted = Math.min(Math.ceil(images / batch) * batch, order.length)
        for (let at = 0; at < wanted; at += batch) {
          const drawn = own(await realBatch(real, order.slice(at, Math.min(at + batch, wanted))))
          const { next } = await fit.step(training, drawn, learningRate, foldIn(foldIn(key, 'batch'), at))
          disposeTree(training, drawn)
          training = own(next)
        }
        return training
      })
  },
})
