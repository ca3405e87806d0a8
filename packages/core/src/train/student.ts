import type { Scalar } from '@tensorflow/tfjs-core'
import { valueAndGrad } from '../autodiff/grad.js'
import { HabaError } from '../errors.js'
import { crossEntropy } from '../losses/cross-entropy.js'
import { add, mul } from '../ops/elementwise.js'
import { zerosLike } from '../ops/sources.js'
import type { Batch } from '../spec/batch.js'
import type { Network } from '../spec/network.js'
import type { Tree } from '../spec/tree.js'
import { mapTree } from '../tree/tree.js'

/** `∇θ cross-entropy` of a batch. */
function slope<W extends Tree>(network: Network, weights: W, { images, targets }: Batch, state: Tree): W {
  const { grad } = valueAndGrad(
    (w) => crossEntropy(network.apply(w, images, { kind: 'train', state }).logits, targets),
    weights,
  )
  return grad
}

/** `weights - learningRate · by`. */
const moved = <W extends Tree>(weights: W, by: W, rate: Scalar): W =>
  mapTree((p, g) => add(p, mul(g, mul(rate, -1))), weights, by)

/** A differentiable student step, plain SGD: `θ - rate · ∇θ cross-entropy`. */
export const studentStep = <W extends Tree>(
  network: Network,
  weights: W,
  batch: Batch,
  rate: Scalar,
  state: Tree = {},
): W => moved(weights, slope(network, weights, batch, state), rate)

/** The carry of a student with momentum. */
export type MovingWeights = { readonly weights: Tree; readonly velocity: Tree }

/** A network in differentiable training. Its carry is its weights; with momentum it is `MovingWeights`. */
export interface Student {
  /** The carry before the first step: these weights, with zero velocity. */
  start(weights: Tree): Tree
  /** @param state the network's running statistics @default none */
  step(carry: Tree, batch: Batch, rate: Scalar, state?: Tree): Tree
  weights(carry: Tree): Tree
}

/**
 * How a recurrence trains its network: SGD with PyTorch's momentum, `v ← momentum · v + ∇θ cross-entropy`,
 * `θ ← θ - rate · v`. Without momentum a step is `studentStep`.
 *
 * @param momentum `[0, 1)` @default 0
 * @throws HabaError for a momentum out of range
 */
export function student(network: Network, momentum = 0): Student {
  if (!(momentum >= 0 && momentum < 1))
    throw new HabaError('student', 'a momentum in [0, 1)', `${momentum}`, 'Common is 0.9; 0 is plain gradient descent.')
  if (momentum === 0)
    return {
      start: (weights) => weights,
      step: (weights, batch, rate, state) => studentStep(network, weights, batch, rate, state),
      weights: (carry) => carry,
    }
  return {
    start: (weights) => ({ weights, velocity: mapTree((w) => zerosLike(w), weights) }),
    step(carry, batch, rate, state = {}) {
      const { weights, velocity } = carry as MovingWeights
      const next = mapTree((v, g) => add(mul(v, momentum), g), velocity, slope(network, weights, batch, state))
      return { weights: moved(weights, next, rate), velocity: next }
    },
    weights: (carry) => (carry as MovingWeights).weights,
  }
}
