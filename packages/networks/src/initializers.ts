import { foldIn, tensor, uniform, type Key, type RankOf } from '@haba/core'
import type { Tensor, Tensor1D, Tensor2D, Tensor4D } from '@tensorflow/tfjs-core'

/** A linear layer's weights: `kernel` `[in, out]`, `bias` `[out]`. */
export type Linear = { readonly kernel: Tensor2D; readonly bias: Tensor1D }

/** A convolution's weights: `kernel` `[height, width, in, out]`, and optionally `bias` `[out]`. */
export type Convolution = { readonly kernel: Tensor4D; readonly bias: Tensor1D } | { readonly kernel: Tensor4D }

/**
 * PyTorch's default for weights and biases of convolutions and linear layers: uniform in ±1/√fanIn (Kaiming uniform with
 * a = √5).
 *
 * @param fanIn number of inputs of each output
 */
export function defaultUniform<const S extends readonly number[]>(
  key: Key,
  shape: S,
  fanIn: number,
): Tensor<RankOf<S>> {
  const bound = 1 / Math.sqrt(fanIn)
  const count = shape.reduce((product, length) => product * length, 1)
  return tensor(uniform(key, count, -bound, bound), shape)
}

/** Initializes a linear layer. */
export const linear = (key: Key, inside: number, out: number): Linear => ({
  kernel: defaultUniform(foldIn(key, 'kernel'), [inside, out], inside),
  bias: defaultUniform(foldIn(key, 'bias'), [out], inside),
})

/**
 * Initializes a convolution with a bias.
 *
 * @param kernel `[height, width, in, out]`
 */
export const convolution = (key: Key, kernel: readonly [number, number, number, number]): Convolution => ({
  ...unbiasedConvolution(key, kernel),
  bias: defaultUniform(foldIn(key, 'bias'), [kernel[3]], kernel[0] * kernel[1] * kernel[2]),
})

/** Initializes a convolution without a bias: `kernel` is `[height, width, in, out]`. */
export const unbiasedConvolution = (
  key: Key,
  kernel: readonly [number, number, number, number],
): { readonly kernel: Tensor4D } => ({
  kernel: defaultUniform(foldIn(key, 'kernel'), kernel, kernel[0] * kernel[1] * kernel[2]),
})
