import {
  add,
  batchMoments,
  batchNorm,
  fill,
  mul,
  stopGradient,
  tensor,
  type Network,
  type None,
  type Tree,
} from '@haba/core'
import type { Tensor } from '@tensorflow/tfjs-core'

type Moments = { readonly mean: Tensor; readonly variance: Tensor }

/** Returns a network behind batch normalization of its images, without scale and shift; running moments are its state. */
export const batchNormalized = <W extends Tree>(network: Network<W, None>, channels: number): Network<W, Moments> => ({
  name: `${network.name} behind batch normalization`,
  init: (key) => ({
    weights: network.init(key).weights,
    state: {
      mean: tensor(new Float32Array(channels), [channels]),
      variance: tensor(new Float32Array(channels).fill(1), [channels]),
    },
  }),
  apply: (weights, images, { kind, state }) => {
    const one = fill([channels], 1)
    const moments = kind === 'train' ? batchMoments(images) : state
    const seen = batchNorm(images, moments, one, mul(one, 0))
    const toward = (old: Tensor, now: Tensor) => add(mul(old, 0.9), mul(stopGradient(now), 0.1))
    const moved = {
      mean: toward(state.mean, moments.mean),
      variance: toward(state.variance, moments.variance),
    }
    return { ...network.apply(weights, seen, { kind, state: {} }), state: kind === 'train' ? moved : state }
  },
})
