import {
  add,
  batchMoments,
  batchNorm,
  conv2dInstanceNorm,
  groupNorm,
  HabaError,
  instanceNorm,
  layerNorm,
  mul,
  stopGradient,
  type ConvolutionOptions,
  type ImageShape,
  type Mode,
  type None,
} from '@haba/core'
import type { Tensor, Tensor4D } from '@tensorflow/tfjs-core'

/** Parameters of a normalization: `[channels]`, or `[height, width, channels]` for layer normalization. */
export type Affine = { readonly scale: Tensor; readonly shift: Tensor }
/** Running mean and unbiased variance of every channel, each `[channels]`. */
export type Moments = { readonly mean: Tensor; readonly variance: Tensor }

/** How a network normalizes its maps; you can write your own. */
export interface Normalization {
  /** The field's abbreviation: IN, BN, LN, GN4, NN. */
  readonly name: string
  /** The shape of scale and shift for maps `[height, width, channels]`; undefined if nothing is learned. */
  affine(map: ImageShape): readonly number[] | undefined
  /** Whether it has running moments. */
  readonly running: boolean
  apply(
    x: Tensor4D,
    weights: Affine | None,
    mode: Mode<Moments | None>,
  ): { readonly output: Tensor4D; readonly state: Moments | None }
  /**
   * Convolution and normalization, fused; faster if kernels read fewer values than they have output channels. Only for a
   * normalization that removes the convolution's bias and has no running moments.
   */
  readonly ofConvolution?: (x: Tensor4D, kernel: Tensor4D, weights: Affine, options: ConvolutionOptions) => Tensor4D
}

type Normalize = (x: Tensor4D, scale: Tensor, shift: Tensor) => Tensor4D
const stateless = (name: string, affine: Normalization['affine'], normalize: Normalize): Normalization => ({
  name,
  affine,
  running: false,
  apply: (x, weights, { state }) => ({
    output: normalize(x, (weights as Affine).scale, (weights as Affine).shift),
    state,
  }),
})

/** Normalizes each channel of each image (GroupNorm with one group per channel); the same in training and evaluation. */
export const instanceNormalization: Normalization = {
  ...stateless('IN', (map) => [map[2]], instanceNorm),
  ofConvolution: (x, kernel, { scale, shift }, options) => conv2dInstanceNorm(x, kernel, scale, shift, options),
}

/** Normalizes each image over all its values, with a scale and a shift for each value. */
export const layerNormalization: Normalization = stateless('LN', (map) => map, layerNorm)

/** Normalizes each image over its pixels and groups of neighboring channels. @param groups 4 in the field */
export function groupNormalization(groups: number): Normalization {
  const name = `GN${groups}`
  const affine = ([, , channels]: ImageShape) => {
    if (channels % groups !== 0)
      throw new HabaError(
        name,
        `channels divisible by ${groups} groups`,
        `${channels}`,
        'Change the width or the groups.',
      )
    return [channels]
  }
  return stateless(name, affine, (x, scale, shift) => groupNorm(x, scale, shift, groups))
}

/** No normalization. */
export const noNormalization: Normalization = {
  name: 'NN',
  affine: () => undefined,
  running: false,
  apply: (x, _, { state }) => ({ output: x, state }),
}

const MOMENTUM = 0.1

/**
 * Normalizes each channel over the batch. As in PyTorch, training uses the batch's moments and updates the running ones with
 * momentum 0.1 and the unbiased variance; evaluation uses the running ones.
 */
export const batchNormalization: Normalization = {
  name: 'BN',
  affine: ([, , channels]) => [channels],
  running: true,
  apply: (x, weights, { kind, state }) => {
    const { scale, shift } = weights as Affine
    if (!('mean' in state))
      throw new HabaError(
        'batch normalization',
        'running moments',
        'an empty state',
        "Pass the state from the network's init.",
      )
    if (kind === 'evaluate') return { output: batchNorm(x, state as Moments, scale, shift), state }
    const moments = batchMoments(x)
    return { output: batchNorm(x, moments, scale, shift), state: moved(state as Moments, moments, x) }
  },
}

/** Updates running moments by a tenth towards the batch's; never differentiated. */
function moved(before: Moments, batch: Moments, x: Tensor4D): Moments {
  const count = x.shape[0] * x.shape[1] * x.shape[2]
  if (count < 2)
    throw new HabaError(
      'batch normalization',
      'more than one value per channel in training',
      '1',
      'Use a larger batch.',
    )
  const toward = (old: Tensor, now: Tensor) => add(mul(old, 1 - MOMENTUM), mul(stopGradient(now), MOMENTUM))
  return {
    mean: toward(before.mean, batch.mean),
    variance: toward(before.variance, mul(batch.variance, count / (count - 1))),
  }
}
