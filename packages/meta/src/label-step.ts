import type { Scalar, Tensor2D, Tensor4D } from '@tensorflow/tfjs-core'
import {
  adam,
  add,
  fill,
  matMul,
  mul,
  scalar,
  studentStep,
  type Batch,
  type Network,
  type Optimizer,
  type Tree,
} from '@haba/core'
import { ridge as ridgeWeights, withBias } from './ridge.js'

/** The network that is trained on the labels: parts that Adam trains, and the rest of its state. */
export type Learner = { readonly trained: Readonly<Record<string, Tree>>; readonly carried: Tree; readonly state: Tree }

/** How labels train the learner for one step, before the loss on real images. */
export interface LabelStep {
  readonly name: string
  /** Initial extra parts besides the weights: those that Adam trains, and those that are carried. */
  fresh(): { readonly trained: Readonly<Record<string, Tree>>; readonly carried: Tree }
  /** The optimizer of each part of `trained`. */
  readonly optimizers: Readonly<Record<string, Optimizer>>
  start(learner: Learner): Tree
  step(network: Network, learner: Learner, carry: Tree, batch: Batch): Tree
  /** Logits of real images after the step. */
  judged(network: Network, learner: Learner, carry: Tree, images: Tensor4D): Tensor2D
  /** Logits of the labeled images, on which the learner is trained. */
  practiced(network: Network, learner: Learner, carry: Tree, images: Tensor4D): Tensor2D
  carried(carry: Tree): Tree
}

const see = (network: Network, { state }: Learner, weights: Tree, images: Tensor4D) =>
  network.apply(weights, images, { kind: 'train', state })

/** Options of `secondOrder`. */
export interface SecondOrderOptions {
  /** Learning rate of the differentiated step. @default 0.01 */
  readonly learningRate?: number
  /** Learning rate of Adam, which trains the network. @default 1e-3 */
  readonly networkRate?: number
}

/** One differentiated step of gradient descent on all weights. */
export function secondOrder({ learningRate = 0.01, networkRate = 1e-3 }: SecondOrderOptions = {}): LabelStep {
  return {
    name: 'second order',
    fresh: () => ({ trained: {}, carried: {} }),
    optimizers: { weights: adam({ learningRate: networkRate }) },
    start: ({ trained }) => trained.weights!,
    step: (network, { state }, weights, batch) => studentStep(network, weights, batch, fill([], learningRate), state),
    judged: (network, learner, weights, images) => see(network, learner, weights, images).logits,
    practiced: (network, learner, _, images) => see(network, learner, learner.trained.weights!, images).logits,
    carried: () => ({}),
  }
}

/** Options of `ridge`. */
export interface RidgeOptions {
  /** Weight of the squared norm of the fitted weights. @default 1 */
  readonly lambda?: number
  /** Momentum of the moving average of classifiers, `[0, 1)`. @default 0.99 */
  readonly keep?: number
  /** Learning rate of Adam, which trains the network. @default 1e-3 */
  readonly networkRate?: number
  /** Learning rate of Adam, which trains the scale of the classifier. @default 0.01 */
  readonly scaleRate?: number
}

/**
 * Ridge regression (the RR variant): the classifier is a moving average of those that fit the labels best on the network's
 * features, in closed form. A learned scale calibrates it.
 */
export function ridge({ lambda = 1, keep = 0.99, networkRate = 1e-3, scaleRate = 0.01 }: RidgeOptions = {}): LabelStep {
  const classify: LabelStep['judged'] = (network, learner, head, images) => {
    const { features } = see(network, learner, learner.trained.weights!, images)
    return matMul(withBias(features), mul(head as Tensor2D, learner.trained.scale as Scalar))
  }
  return {
    name: 'ridge',
    // A classifier of zeros, which broadcasts to the size of the features.
    fresh: () => ({ trained: { scale: scalar(1) }, carried: scalar(0) }),
    optimizers: {
      weights: adam({ learningRate: networkRate }),
      scale: adam({ learningRate: scaleRate }),
    },
    start: ({ carried }) => carried,
    step(network, learner, head, { images, targets }) {
      const { features } = see(network, learner, learner.trained.weights!, images)
      return add(mul(ridgeWeights(features, targets, lambda), 1 - keep), mul(head as Tensor2D, keep))
    },
    judged: classify,
    practiced: classify,
    carried: (head) => head,
  }
}
