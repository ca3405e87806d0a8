import { add, conv2d, tensor, type ConvolutionOptions, type Mode, type None } from '@haba/core'
import type { Tensor, Tensor4D } from '@tensorflow/tfjs-core'
import type { Convolution } from './initializers.js'
import type { Affine, Moments, Normalization } from './normalizations.js'
import type { NamedParameter } from './pytorch.js'

/** A convolution and its normalization. */
export type Unit = { readonly convolution: Convolution; readonly norm: Affine | None }

/** Running moments of every batch normalization, in the order in which a network applies them. */
export type RunningMoments = { readonly norms: readonly Moments[] }
/** `RunningMoments` with batch normalization, else empty. */
export type NetworkState = RunningMoments | None

/** The convolution of a unit, with its bias if it has one. */
export function convolve(x: Tensor4D, weights: Convolution, options: ConvolutionOptions): Tensor4D {
  const y = conv2d(x, weights.kernel, options)
  return 'bias' in weights ? add(y, weights.bias) : y
}

export interface Normalizer {
  (x: Tensor4D, weights: Affine | None): Tensor4D
  /** The normalized maps of a unit's convolution. */
  convolved(x: Tensor4D, unit: Unit, options: ConvolutionOptions): Tensor4D
  /** The state after all calls. */
  state(): NetworkState
}

/** Passes running moments to each normalization, in network order, and collects the updated ones. */
export function normalizer(normalization: Normalization, mode: Mode<NetworkState>): Normalizer {
  const before = 'norms' in mode.state ? (mode.state as RunningMoments).norms : undefined
  const after: Moments[] = []
  const normalize = (x: Tensor4D, weights: Affine | None) => {
    const { output, state } = normalization.apply(x, weights, { ...mode, state: before?.[after.length] ?? {} })
    if (before) after.push(state as Moments)
    return output
  }
  const convolved = (x: Tensor4D, { convolution, norm }: Unit, options: ConvolutionOptions) => {
    const { kernel } = convolution
    return normalization.ofConvolution && seesLittle(kernel)
      ? normalization.ofConvolution(x, kernel, norm as Affine, options)
      : normalize(convolve(x, convolution, options), norm)
  }
  return Object.assign(normalize, { convolved, state: () => (before ? { norms: after } : mode.state) })
}

/** Whether a kernel reads fewer values than it has output channels, as in first layers. */
const seesLittle = ({ shape: [height, width, inside, out] }: Tensor4D) => height * width * inside < out

const filled = (shape: readonly number[], value: number): Tensor =>
  tensor(new Float32Array(shape.reduce((product, length) => product * length, 1)).fill(value), shape)

/** Scale 1 and shift 0. @param shape from the normalization's `affine` */
export const freshAffine = (shape: readonly number[] | undefined): Affine | None =>
  shape ? { scale: filled(shape, 1), shift: filled(shape, 0) } : {}

/** Running means 0 and variances 1. @param channels of each normalization */
export const freshState = ({ running }: Normalization, channels: readonly number[]): NetworkState =>
  running ? { norms: channels.map((count) => ({ mean: filled([count], 0), variance: filled([count], 1) })) } : {}

/** PyTorch's names of a unit's weights; `norm` is undefined without a normalization. */
export const unitNames = (path: string, convolution: string, biased: boolean, norm?: string): NamedParameter[] => [
  { path: `${path}.convolution.kernel`, pytorch: `${convolution}.weight` },
  ...(biased ? [{ path: `${path}.convolution.bias`, pytorch: `${convolution}.bias` }] : []),
  ...(norm === undefined
    ? []
    : [
        { path: `${path}.norm.scale`, pytorch: `${norm}.weight` },
        { path: `${path}.norm.shift`, pytorch: `${norm}.bias` },
      ]),
]

/** PyTorch's names of the running moments of normalizations with these names. */
export const momentNames = (norms: readonly string[]): NamedParameter[] =>
  norms.flatMap((norm, i) => [
    { path: `norms.${i}.mean`, pytorch: `${norm}.running_mean` },
    { path: `norms.${i}.variance`, pytorch: `${norm}.running_var` },
  ])
