import type { Tensor, Tensor4D } from '@tensorflow/tfjs-core'
import { add, div, mul, relu, sqrt, sub } from './elementwise.js'
import { broadcastTo, pad, reshape, sum, transpose } from './layout.js'
import { conv2d, matMul, type ConvolutionOptions } from './linear.js'
import { EPSILON } from './normalization.js'
import { mean } from './reduce.js'
import { constant } from './sources.js'

/**
 * `instanceNorm(conv2d(x, kernel, options), scale, shift)`, fused. If the patches of an image have covariance `C`, the channel
 * of kernel `k` has variance `kᵀCk`; kernels divided by its root map centered patches to normalized maps. Maps are written
 * once instead of five times, which is faster if a patch has fewer values than there are channels, as in a first layer.
 *
 * The results are equal up to rounding, for any bias of the convolution, because subtracting the mean removes the bias.
 *
 * @param x `[batch, height, width, in]`
 * @param kernel `[kernelHeight, kernelWidth, in, out]`
 * @param scale `[out]`
 * @param shift `[out]`
 * @returns `[batch, rows, columns, out]`
 */
export function conv2dInstanceNorm(
  x: Tensor4D,
  kernel: Tensor4D,
  scale: Tensor,
  shift: Tensor,
  options: ConvolutionOptions = {},
  epsilon = EPSILON,
): Tensor4D {
  const [kernelHeight, kernelWidth, inside, out] = kernel.shape
  const taps = kernelHeight * kernelWidth * inside
  // A constant 1 at the end of each patch makes the shift part of the product.
  const length = taps + 1
  const one = constant([...new Float32Array(taps), 1], [length, 1])
  const identity = Float32Array.from({ length: taps * length }, (_, i) => Number(i % (length + 1) === 0))
  const seen = conv2d(x, constant(identity, [kernelHeight, kernelWidth, inside, length]), options)
  const [batch, rows, columns] = seen.shape
  const patches = reshape(transpose(seen, [0, 3, 1, 2]), [batch, length, rows * columns])
  const centered = sub(patches, sub(mean(patches, [2], true), one))
  const kernels = pad(reshape(kernel, [taps, out]), [0, 0], [1, 0]) // [length, out]
  const covariance = div(matMul(centered, centered, { b: true }), rows * columns) // [batch, length, length]
  const products = mul(matMul(covariance, broadcastTo(kernels, [batch, length, out])), kernels)
  // Rounding can make a variance of 0 negative.
  const variance = relu(sum(products, [1], true)) // [batch, 1, out]
  const scaled = mul(kernels, div(scale, sqrt(add(variance, epsilon)))) // [batch, length, out]
  const maps = matMul(add(scaled, mul(one, shift)), centered, { a: true }) // [batch, out, rows · columns]
  return transpose(reshape(maps, [batch, out, rows, columns]), [0, 2, 3, 1])
}
