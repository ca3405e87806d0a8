import type { Tensor1D, Tensor2D, Tensor4D } from '@tensorflow/tfjs-core'
import {
  add,
  avgPool,
  conv2d,
  foldIn,
  matMul,
  normal,
  reshape,
  tanh,
  tensor,
  type ImageShape,
  type Key,
  type Network,
  type None,
} from '@haba/core'
import { toy } from './toy.js'

/** The size of a tiny network. */
export interface TinyNetworkOptions {
  /** Even height and width. @default [8, 8, 2] */
  readonly image?: ImageShape
  /** @default 3 */
  readonly classes?: number
  /** Channels of the convolution. @default 4 */
  readonly width?: number
}

/** Weights of `tinyNetwork`; a type alias, for it must be a `Tree`. */
export type TinyWeights = {
  /** `[3, 3, channels, width]` and `[width]` */
  readonly convolution: { readonly kernel: Tensor4D; readonly bias: Tensor1D }
  /** `[features, classes]` and `[classes]` */
  readonly linear: { readonly kernel: Tensor2D; readonly bias: Tensor1D }
}

/** A network of one convolution, tanh, average pooling and a linear layer: smooth, so finite differences hold. */
export function tinyNetwork({ image = toy.image, classes = toy.classes, width = 4 }: TinyNetworkOptions = {}): Network<
  TinyWeights,
  None
> {
  const [height, columns, channels] = image
  const features = (height / 2) * (columns / 2) * width
  return {
    name: 'tiny',
    init: (key) => ({
      weights: {
        convolution: {
          kernel: random(foldIn(key, 'convolution'), [3, 3, channels, width], 9 * channels),
          bias: random(foldIn(key, 'bias'), [width], 25),
        },
        linear: {
          kernel: random(foldIn(key, 'linear'), [features, classes], features),
          bias: random(foldIn(key, 'linear bias'), [classes], 25),
        },
      },
      state: {},
    }),
    apply: ({ convolution, linear }, images) => {
      const maps = tanh(add(conv2d(images, convolution.kernel, { pad: 1 }), convolution.bias))
      const flat = reshape(avgPool(maps, 2), [images.shape[0], features])
      const logits = add(matMul(flat, linear.kernel), linear.bias)
      return { features: flat, logits, maps: [maps], state: {} }
    },
  }
}

function random<const S extends readonly number[]>(key: Key, shape: S, inputs: number) {
  const count = shape.reduce((product, length) => product * length, 1)
  return tensor(
    normal(key, count).map((v) => v / Math.sqrt(inputs)),
    shape,
  )
}
