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

/** What a normalisation learns: `[channels]`, or `[height, width, channels]` for layer normalisation. */
export type Affine = { readonly scale: Tensor; readonly shift: Tensor }
/** Running mean and (unbiased) variance of every channel, each `[channels]`. */
export type Moments = { readonly mean: Tensor; readonly variance: Tensor }

/** How a network normalises its maps: a value to pass, or to write one's own of. */
export interface Normalisation {
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
   * The normalised maps of a convolution, without the maps before: a quicker way where kernels see fewer numbers than they
   * make channels. Only for a normalisation that takes the convolution's bias away, and carries no moments.
   */
  readonly ofConvolution?: (x: Tensor4D, kernel: Tensor4D, weights: Affine, options: ConvolutionOptions) => Tensor4D
}

type Normalise = (x: Tensor4D, scale: Tensor, shift: Tensor) => Tensor4D
const stateless = (name: string, affine: Normalisation['affine'], normalise: Normalise): Normalisation => ({
  name,
  affine,
  running: false,
  apply: (x, weights, { state }) => ({
    output: normalise(x, (weights as Affine).scale, (weights as Affine).shift),
    state,
  }),
})

/** Each channel of each image by itself (GroupNorm with one group a channel); the same in training and evaluation. */
export const instanceNormalisation: Normalisation = {
  ...stateless('IN', (map) => [map[2]], instanceNorm),
  ofConvolution: (x, kernel, { scale, shift }, options) => conv2dInstanceNorm(x, kernel, scale, shift, options),
}

/** Each image over all its values, with a scale and a shift for each of them. */
export const layerNormalisation: Normalisation = stateless('LN', (map) => map, layerNorm)

/** Each image over its pixels and groups of neighbouring channels. @param groups the field uses 4 */
export function groupNormalisation(groups: number): Normalisation {
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
export const noNormalisation: Normalisation = {
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
export const batchNormalisation: Normalisation = {
  name: 'BN',
  affine: ([, , channels]) => [channels],
  running: true,
  apply: (x, weights, { kind, state }) => {
    const { scale, shift } = weights as Affine
    if (!('mean' in state))
      throw new HabaError(
        'batch normalisation',
        'running moments',
        'an empty state',
        "Pass the state of the network's init.",
      )
    if (kind === 'evaluate') return { output: batchNorm(x, state as Moments, scale, shift), state }
    const moments = batchMoments(x)
    return { output: batchNorm(x, moments, scale, shift), state: moved(state as Moments, moments, x) }
  },
}

/** Running moments, a tenth of the way towards a batch's; never differentiated. */
function moved(before: Moments, batch: Moments, x: Tensor4D): Moments {
  const count = x.shape[0] * x.shape[1] * x.shape[2]
  if (count < 2)
    throw new HabaError(
      'batch normalisation',
      'more than one value per channel in training',
      '1',
      'Use a larger batch.',
    )
  const towards = (old: Tensor, now: Tensor) => add(mul(old, 1 - MOMENTUM), mul(stopGradient(now), MOMENTUM))
  return {
    mean: towards(before.mean, batch.mean),
    variance: towards(before.variance, mul(batch.variance, count / (count - 1))),
  }
}
