import { checkArguments } from '../check-arguments.js'
import type { Scalar, Tensor2D, Tensor4D } from '@tensorflow/tfjs-core'
import { valueAndGrad } from '../autodiff/grad.js'
import { crossEntropy } from '../losses/cross-entropy.js'
import { add, mul } from '../ops/elementwise.js'
import { sgd } from '../optim/sgd.js'
import type { Augmentation, Mixing } from '../spec/augmentation.js'
import type { Batch } from '../spec/batch.js'
import type { RealSource } from '../spec/dataset.js'
import type { Engine } from '../spec/engine.js'
import type { Network } from '../spec/network.js'
import { foldIn } from '../random/key.js'
import type { Key } from '../spec/random.js'
import type { Args, Tree } from '../spec/tree.js'
import { zerosOf } from '../tree/copies.js'
import { scalar } from '../tree/host.js'
import { disposeOnThrow } from '../tree/dispose-on-throw.js'
import { disposeTree, mapTree } from '../tree/tree.js'

/** Options of `trainer`. */
export interface TrainerOptions {
  readonly engine: Engine
  readonly network: Network
  /** Applied to every training batch, with a separate draw for each image. */
  readonly augmentation?: Augmentation
  /** Applied to every training batch last. */
  readonly mixing?: Mixing
  /** Applied to every training and test batch first, such as HaBa's batch standardization. */
  readonly transform?: (images: Tensor4D) => Tensor4D
  /** @default 0 */
  readonly momentum?: number
  /** Added to the gradient as `weightDecay · p`, for every weight. @default 0 */
  readonly weightDecay?: number
}

/** A network in training. */
export type Training = {
  readonly weights: Tree
  /** Running statistics. */
  readonly state: Tree
  readonly velocity: Tree
}

/** Trains and tests networks of one kind. */
export interface Trainer {
  start(key: Key): Training
  /** Resets the velocity to zero. */
  restart(training: Training): Training
  /** One step of SGD; disposes nothing. */
  step(
    training: Training,
    batch: Batch,
    rate: number,
    key: Key,
  ): Promise<{ readonly next: Training; readonly loss: number }>
  /**
   * The fraction of images classified correctly and the mean cross-entropy, in batches of `batch`, in order. Logits that are
   * not finite count as wrong: a network whose training diverged has accuracy 0, whatever class the argmax of NaN is.
   */
  test(
    training: Training,
    source: RealSource,
    batch?: number,
  ): Promise<{ readonly accuracy: number; readonly loss: number }>
}

/** Trains networks of one kind by SGD, each function compiled once for all of them. */
export function trainer(options: TrainerOptions): Trainer {
  const {
    engine,
    network,
    augmentation,
    mixing,
    transform,
    momentum = 0,
    weightDecay = 0,
  } = checkArguments('trainer', options, {
    engine: 'engine',
    network: 'network',
    augmentation: 'augmentation?',
    mixing: 'mixing?',
  })
  const optimizer = sgd({ learningRate: 1, momentum, weightDecay })
  const prepare =
    (augmentation ?? transform) &&
    engine.compile(`${network.name}/prepare`, (images: Tensor4D, draw: Args) => {
      const transformed = transform ? transform(images) : images
      return augmentation ? augmentation.apply(transformed, draw) : transformed
    })
  const mix = mixing && engine.compile(`${network.name}/mix`, (batch: Batch, draw: Args) => mixing.apply(batch, draw))
  const descend = engine.compile(
    `${network.name}/step`,
    (training: Training, images: Tensor4D, targets: Tensor2D, rate: Scalar) => {
      let state: Tree = training.state
      const { value, grad } = valueAndGrad((weights) => {
        const output = network.apply(weights, images, { kind: 'train', state: training.state })
        state = output.state
        return crossEntropy(output.logits, targets)
      }, training.weights)
      const { updates, state: moved } = optimizer.update(grad, { velocity: training.velocity }, training.weights)
      const weights = mapTree((p, u) => add(p, mul(u, rate)), training.weights, updates)
      return { next: { weights, state, velocity: moved.velocity }, loss: value }
    },
  )
  const classify = engine.compile(
    `${network.name}/classify`,
    (weights: Tree, state: Tree, images: Tensor4D) =>
      network.apply(weights, transform ? transform(images) : images, { kind: 'evaluate', state }).logits,
  )

  return {
    start: (key) => {
      const { weights, state } = network.init(key)
      return { weights, state, velocity: momentum ? zerosOf(weights) : {} }
    },
    restart: ({ weights, state, velocity }) => ({ weights, state, velocity: zerosOf(velocity) }),
    step: (training, { images, targets }, rate, key) =>
      disposeOnThrow(async (own) => {
        const image = images.shape.slice(1) as [number, number, number]
        const draw = own(augmentation?.draw(key, images.shape[0], image) ?? {})
        const ready = prepare ? own(await prepare(images, draw)) : images
        const mixDraw = own(mixing?.draw(foldIn(key, 'mix'), images.shape[0], image) ?? {})
        const mixed = mix ? own(await mix({ images: ready, targets }, mixDraw)) : { images: ready, targets }
        const at = own(scalar(rate))
        const { next, loss } = own(await descend(training, mixed.images, mixed.targets, at))
        const value = (await loss.data())[0]!
        disposeTree(draw, mixDraw, at, loss, ...(prepare ? [ready] : []), ...(mix ? [mixed] : []))
        return { next, loss: value }
      }),
    async test({ weights, state }, source, batch = 128) {
      let right = 0
      let loss = 0
      for (let from = 0; from < source.labels.length; from += batch) {
        const indices = range(from, Math.min(from + batch, source.labels.length))
        const images = await source.images(indices)
        const logits = await classify(weights, state, images).catch((error: unknown) => {
          images.dispose()
          throw error
        })
        const values = await logits.data<'float32'>()
        indices.forEach((index, row) => {
          const scores = values.subarray(row * source.classes, (row + 1) * source.classes)
          const label = source.labels[index]!
          const top = scores.reduce((best, score, k) => (score > scores[best]! ? k : best), 0)
          if (top === label && Number.isFinite(scores[top])) right++
          const largest = scores[top]!
          loss += largest + Math.log(scores.reduce((sum, s) => sum + Math.exp(s - largest), 0)) - scores[label]!
        })
        disposeTree(images, logits)
      }
      return { accuracy: right / source.labels.length, loss: loss / source.labels.length }
    },
  }
}

const range = (from: number, to: number) => Int32Array.from({ length: to - from }, (_, i) => from + i)
