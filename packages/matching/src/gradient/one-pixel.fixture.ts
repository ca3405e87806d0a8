import { add, batchMoments, matMul, mul, pixels, reshape, sub, tensor, type Network, type RealSource } from '@haba/core'
import type { Tensor, Tensor2D } from '@tensorflow/tfjs-core'

const image = [1, 1, 1] as const

/** Images of one pixel in two classes: 2 and 4, 1 and 1. */
export const onePixelData: RealSource = {
  image,
  classes: 2,
  labels: Int32Array.of(0, 0, 1, 1),
  images: async (indices) =>
    tensor(
      Float32Array.from(indices, (i) => [2, 4, 1, 1][i]!),
      [indices.length, ...image],
    ),
}

/** One stored image a class, of the given values. */
export async function onePixelSet(...values: readonly number[]) {
  const set = pixels({ image, classes: values.length, perClass: 1 })
  return { set, params: { images: tensor(values, [values.length, ...image]) } }
}

/**
 * `logits = x · (0, 0)`: both classes are as likely, so the gradient of an image x of class 0 is `(-x/2, x/2)`, and of class
 * 1 the other way round. With `running` a mean is taken off first, as by a batch normalization that does not scale.
 */
export const linearNetwork = (running = false): Network<Tensor2D, { readonly mean?: Tensor }> => ({
  name: 'linear',
  init: () => ({
    weights: tensor([0, 0], [1, 2]),
    state: (running ? { mean: tensor([0], [1]) } : {}) as { readonly mean?: Tensor },
  }),
  apply: (weights, images, { kind, state }) => {
    const now = batchMoments(images).mean
    const before = state.mean
    const centered = before ? sub(images, kind === 'train' ? now : before) : images
    const flat = reshape(centered, [images.shape[0], 1])
    const moved = before && kind === 'train' ? { mean: add(mul(before, 0.9), mul(now, 0.1)) } : state
    return { features: flat, logits: matMul(flat, weights), state: moved }
  },
})
