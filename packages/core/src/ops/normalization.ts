import type { Rank, Tensor, Tensor1D, Tensor4D } from '@tensorflow/tfjs-core'
import { add, div, mul, sqrt, square, sub } from './elementwise.js'
import { reshape } from './layout.js'
import { mean } from './reduce.js'

/** The default epsilon of PyTorch's normalizations. */
export const EPSILON = 1e-5

/** `(x - mean) / √(variance + ε)` over `axes`, with the biased variance. */
function standardizeOver<R extends Rank>(x: Tensor<R>, axes: readonly number[], epsilon: number): Tensor<R> {
  const centered = sub(x, mean(x, axes, true))
  return div(centered, sqrt(add(mean(square(centered), axes, true), epsilon)))
}

/** Scales and shifts `x`; `scale` and `shift` broadcast to it and add no axis. */
const affine = (x: Tensor, scale: Tensor, shift: Tensor): Tensor4D =>
  // eslint-disable-next-line @typescript-eslint/no-unsafe-type-assertion
  add(mul(x, scale), shift) as Tensor4D

/**
 * Normalizes every channel of every image over its pixels: PyTorch's GroupNorm with one group per channel.
 *
 * @param x `[batch, height, width, channels]`
 * @param scale `[channels]`
 * @param shift `[channels]`
 */
export const instanceNorm = (x: Tensor4D, scale: Tensor, shift: Tensor, epsilon = EPSILON): Tensor4D =>
  affine(standardizeOver(x, [1, 2], epsilon), scale, shift)

/** Normalizes groups of neighboring channels of every image over pixels and the group's channels. `scale`, `shift`: `[channels]`. */
export function groupNorm(x: Tensor4D, scale: Tensor, shift: Tensor, groups: number, epsilon = EPSILON): Tensor4D {
  const [batch, height, width, channels] = x.shape
  const split = reshape(x, [batch, height, width, groups, channels / groups])
  return affine(reshape(standardizeOver(split, [1, 2, 4], epsilon), x.shape), scale, shift)
}

/** Normalizes every image over all its values. `scale`, `shift`: `[height, width, channels]`. */
export const layerNorm = (x: Tensor4D, scale: Tensor, shift: Tensor, epsilon = EPSILON): Tensor4D =>
  affine(standardizeOver(x, [1, 2, 3], epsilon), scale, shift)

/** Mean and biased variance of every channel over a batch, each `[channels]`. */
export function batchMoments(x: Tensor4D): { readonly mean: Tensor1D; readonly variance: Tensor1D } {
  const center = mean(x, [0, 1, 2])
  return { mean: center, variance: mean(square(sub(x, center)), [0, 1, 2]) }
}

/** Normalizes every channel by given moments, each `[channels]`: the batch's in training, running ones in evaluation. */
export const batchNorm = (
  x: Tensor4D,
  moments: { readonly mean: Tensor; readonly variance: Tensor },
  scale: Tensor,
  shift: Tensor,
  epsilon = EPSILON,
): Tensor4D => affine(div(sub(x, moments.mean), sqrt(add(moments.variance, epsilon))), scale, shift)
