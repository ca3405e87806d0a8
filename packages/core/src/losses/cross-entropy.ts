import type { Scalar, Tensor2D } from '@tensorflow/tfjs-core'
import { logSoftmax } from '../ops/activation.js'
import { mul, neg } from '../ops/elementwise.js'
import { sum } from '../ops/layout.js'

/**
 * Mean cross-entropy of rows, for hard or soft targets.
 *
 * @param logits `[batch, classes]`
 * @param targets `[batch, classes]`, rows sum to 1
 */
export function crossEntropy(logits: Tensor2D, targets: Tensor2D): Scalar {
  return mul(neg(sum(mul(targets, logSoftmax(logits)))), 1 / logits.shape[0])
}
