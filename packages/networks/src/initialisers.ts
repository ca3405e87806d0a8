import { fold, tensor, uniform, type Key } from '@haba/core'
import type { Rank, Tensor, Tensor1D, Tensor2D, Tensor4D } from '@tensorflow/tfjs-core'

/** A linear layer's weights: `kernel` `[in, out]`, `bias` `[out]`. */
export type Linear = { readonly kernel: Tensor2D; readonly bias: Tensor1D }

/** A convolution's weights: `kernel` `[height, width, in, out]`, and `bias` `[out]` where it has one. */
export type Convolution = { readonly kernel: Tensor4D; readonly bias: Tensor1D } | { readonly kernel: Tensor4D }

/**
 * PyTorch's default for convolutions and linear layers, weights and biases alike: uniform within ±1/√fanIn
 * (Kaiming uniform with a = √5).
 *
 * @param fanIn how many inputs each output sees
 */
export function defaultUniform<R extends Rank>(key: Key, shape: readonly number[], fanIn: number): Tensor<R> {
  const bound = 1 / Math.sqrt(fanIn)
  const count = shape.reduce((product, length) => product * length, 1)
  return tensor<R>(uniform(key, count, -bound, bound), shape)
}

/** A fresh linear layer. */
export const linear = (key: Key, inside: number, out: number): Linear => ({
  kernel: defaultUniform<Rank.R2>(fold(key, 'kernel'), [inside, out], inside),
  bias: defaultUniform<Rank.R1>(fold(key, 'bias'), [out], inside),
})

/**
 * A fresh convolution with a bias.
 *
 * @param kernel `[height, width, in, out]`
 */
export const convolution = (key: Key, kernel: readonly [number, number, number, number]): Convolution => ({
  ...unbiasedConvolution(key, kernel),
  bias: defaultUniform<Rank.R1>(fold(key, 'bias'), [kernel[3]], kernel[0] * kernel[1] * kernel[2]),
})

/** A fresh convolution without a bias: `kernel` is `[height, width, in, out]`. */
export const unbiasedConvolution = (
  key: Key,
  kernel: readonly [number, number, number, number],
): { readonly kernel: Tensor4D } => ({
  kernel: defaultUniform<Rank.R4>(fold(key, 'kernel'), kernel, kernel[0] * kernel[1] * kernel[2]),
})
