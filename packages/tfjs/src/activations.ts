import {
  abs,
  add,
  div,
  exp,
  leakyRelu,
  maximum,
  minimum,
  mul,
  relu,
  sigmoid,
  softmax,
  softplus,
  sub,
  swish,
  tanh,
} from '@haba/core'
import type { Tensor } from '@tensorflow/tfjs-core'

/** A function of every value of a tensor. */
export type Activation = (x: Tensor) => Tensor

const capped = (x: Tensor, most: number): Tensor => minimum(relu(x), most)
/** `x` above 0, `eˣ - 1` below; the exponential never overflows. */
const elu = (x: Tensor): Tensor => add(relu(x), sub(exp(minimum(x, 0)), 1))

const SELU_ALPHA = 1.6732632423543772
const SELU_SCALE = 1.0507009873554805

/** The activations of tfjs-layers that are made of core's ops, by the names in a layer's configuration. */
export const activations: Readonly<Record<string, Activation>> = {
  linear: (x) => x,
  relu,
  relu6: (x) => capped(x, 6),
  elu,
  selu: (x) => mul(add(relu(x), mul(sub(exp(minimum(x, 0)), 1), SELU_ALPHA)), SELU_SCALE),
  sigmoid,
  hardSigmoid: (x) => minimum(maximum(add(mul(x, 0.2), 0.5), 0), 1),
  softplus,
  softsign: (x) => div(x, add(abs(x), 1)),
  tanh,
  softmax,
  swish,
  mish: (x) => mul(x, tanh(softplus(x))),
}

/** The layers that are an activation, from their configuration. */
export const activationLayers: Readonly<Record<string, (config: Readonly<Record<string, unknown>>) => Activation>> = {
  ReLU: ({ maxValue }) => (typeof maxValue === 'number' ? (x) => capped(x, maxValue) : relu),
  LeakyReLU:
    ({ alpha }) =>
    (x) =>
      leakyRelu(x, Number(alpha)),
  // tfjs refuses any alpha but 1 itself.
  ELU: () => elu,
}
