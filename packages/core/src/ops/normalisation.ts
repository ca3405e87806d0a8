import type { Tensor, Tensor4D } from '@tensorflow/tfjs-core'
import { add, div, mul, sqrt, square, sub } from './elementwise.js'
import { reshape } from './layout.js'
import { mean } from './reduce.js'

/** All of PyTorch's normalisations use this epsilon by default. */
export const EPSILON = 1e-5

/** `(x - mean) / √(variance + ε)` over `axes`, with the biased variance. */
function standardiseOver(x: Tensor, axes: readonly number[], epsilon: number): Tensor {
  const centred = sub(x, mean(x, axes, true))
  return div(centred, sqrt(add(mean(square(centred), axes, true), epsilon)))
}

const affine = (x: Tensor, scale: Tensor, shift: Tensor): Tensor4D => add(mul(x, scale), shift) as Tensor4D

/**
 * Normalises every channel of every image over its pixels: PyTorch's GroupNorm with one group a channel.
 *
 * @param x `[batch, height, width, channels]`
 * @param scale `[channels]`
 * @param shift `[channels]`
 */
export const instanceNorm = (x: Tensor4D, scale: Tensor, shift: Tensor, epsilon = EPSILON): Tensor4D =>
  affine(standardiseOver(x, [1, 2], epsilon), scale, shift)

/** Normalises groups of neighbouring channels of every image over pixels and the group's channels. `scale`, `shift`: `[channels]`. */
export function groupNorm(x: Tensor4D, scale: Tensor, shift: Tensor, groups: number, epsilon = EPSILON): Tensor4D {
  const [batch, height, width, channels] = x.shape
  const split = reshape(x, [batch, height, width, groups, channels / groups])
  return affine(reshape(standardiseOver(split, [1, 2, 4], epsilon), x.shape), scale, shift)
}

/** Normalises every image over all its values. `scale`, `shift`: `[height, width, channels]`. */
export const layerNorm = (x: Tensor4D, scale: Tensor, shift: Tensor, epsilon = EPSILON): Tensor4D =>
  affine(standardiseOver(x, [1, 2, 3], epsilon), scale, shift)

/** Mean and biased variance of every channel over a batch, each `[channels]`. */
export function batchMoments(x: Tensor4D): { readonly mean: Tensor; readonly variance: Tensor } {
  const centre = mean(x, [0, 1, 2])
  return { mean: centre, variance: mean(square(sub(x, centre)), [0, 1, 2]) }
}

/** Normalises every channel by given moments, each `[channels]`: the batch's own in training, running ones in evaluation. */
export const batchNorm = (
  x: Tensor4D,
  moments: { readonly mean: Tensor; readonly variance: Tensor },
  scale: Tensor,
  shift: Tensor,
  epsilon = EPSILON,
): Tensor4D => affine(div(sub(x, moments.mean), sqrt(add(moments.variance, epsilon))), scale, shift)
