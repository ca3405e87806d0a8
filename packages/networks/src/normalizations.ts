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
/** Running mean and (unbiased) variance of every channel, each `[channels]`. */
export type Moments = { readonly mean: Tensor; readonly variance: Tensor }

/** How a network normalizes its maps: a value; you can write your own. */
export interface Normalization {
  /** Two letters as in the field: IN, BN, LN, GN4, NN. */
  readonly name: string
  /** The shape of scale and shift for maps `[height, width, channels]`; undefined where nothing is learned. */
  affine(map: ImageShape): readonly number[] | undefined
  /** Whether it carries running moments. */
  readonly running: boolean
  apply(
    x: Tensor4D,
    weights: Affine | None,
    mode: Mode<Moments | None>,
  ): { readonly output: Tensor4D; readonly state: Moments | None }
  /**
   * The normalized maps of a convolution, without the maps before: a quicker way where kernels see fewer numbers than they
   * make channels. Only for a normalization that takes the convolution's bias away, and carries no moments.
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

/** Each channel of each image by itself (GroupNorm with one group a channel); the same in training and evaluation. */
export const instanceNormalization: Normalization = {
  ...stateless('IN', (map) => [map[2]], instanceNorm),
  ofConvolution: (x, kernel, { scale, shift }, options) => conv2dInstanceNorm(x, kernel, scale, shift, options),
}

/** Each image over all its values, with a scale and a shift for each of them. */
export const layerNormalization: Normalization = stateless('LN', (map) => map, layerNorm)

/** Each image over its pixels and groups of neighboring channels. @param groups the field uses 4 */
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

/** Maps stay as they are. */
export const noNormalization: Normalization = {
  name: 'NN',
  affine: () => undefined,
  running: false,
  apply: (x, _, { state }) => ({ output: x, state }),
}

const MOMENTUM = 0.1

/**
 * Each channel over the whole batch. Training uses the batch's moments and moves the running ones by a tenth, with the
 * unbiased variance, as PyTorch does; evaluation uses the running ones.
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
        "Pass the state of the network's init.",
      )
    if (kind === 'evaluate') return { output: batchNorm(x, state as Moments, scale, shift), state }
    const moments = batchMoments(x)
    return { output: batchNorm(x, moments, scale, shift), state: moved(state as Moments, moments, x) }
  },
}

/** Running moments, a tenth of the way toward a batch's; never differentiated. */
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
