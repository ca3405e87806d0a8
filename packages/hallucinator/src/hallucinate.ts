import type { Tensor, Tensor4D, Tensor5D } from '@tensorflow/tfjs-core'
import { add, concat, matMul, mul, pad, reshape, slice, transpose } from '@haba/core'

/** One convolution per hallucinator, stacked along the first axis. */
export type Layer = {
  /** `[hallucinators, kernel, kernel, in, out]` of an encoder, `[…, out, in]` of a decoder */
  readonly kernel: Tensor5D
  /** `[hallucinators, out]` */
  readonly bias: Tensor
}

/** The weights of all hallucinators, stacked along the first axis. */
export type Hallucinators = {
  /** From the basis's channels to the hidden ones. */
  readonly encode: Layer
  /** `[hallucinators, height, width, hidden]`, the size of the encoded maps, or `[hallucinators, 1, 1, hidden]` */
  readonly scale: Tensor4D
  /** As `scale`. */
  readonly shift: Tensor4D
  /** From the hidden channels to the image's. */
  readonly decode: Layer
  /** Layers between hidden channels; absent for one layer on each side. */
  readonly inner?: { readonly encode: readonly Layer[]; readonly decode: readonly Layer[] }
}

/** A function of maps, `[batch, height, width, hidden]`. */
export type Activation = (x: Tensor4D) => Tensor4D

/** Settings of a hallucinator's convolutions. */
export interface Convolutions {
  /** Applied after each encoding layer, and between decoding layers. */
  readonly activation: Activation
  /** Zeros on each side of an encoding layer; a decoding layer crops as many pixels. */
  readonly padding: number
}

/**
 * Renders each image with its own hallucinator: `decode(scale ⊙ encode(basis) + shift)`.
 *
 * @param bases `[batch, height, width, basisChannels]`
 * @param each the hallucinator of each image: weights with a first axis of length batch
 * @returns `[batch, height, width, channels]`
 */
export function hallucinate(bases: Tensor4D, each: Hallucinators, { activation, padding }: Convolutions): Tensor4D {
  const { encode: before = [], decode: after = [] } = each.inner ?? {}
  const encoded = [each.encode, ...before].reduce(
    (x, { kernel, bias }) => activation(add(encodeEach(x, kernel, padding), channels(bias)) as Tensor4D),
    bases,
  )
  const mixed = add(mul(encoded, each.scale), each.shift)
  const layers = [...after, each.decode]
  return layers.reduce((x, { kernel, bias }, i) => {
    const decoded = add(decodeEach(x, kernel, padding), channels(bias)) as Tensor4D
    return i < layers.length - 1 ? activation(decoded) : decoded
  }, mixed)
}

const channels = (bias: Tensor): Tensor => reshape(bias, [bias.shape[0], 1, 1, bias.shape[1]!])

/** Convolves image i with kernel i, `[batch, k, k, in, out]`. */
function encodeEach(x: Tensor4D, kernel: Tensor5D, padding: number): Tensor4D {
  const [batch, size, , inside, out] = kernel.shape
  return windowsTimes(padded(x, padding), reshape(kernel, [batch, size * size * inside, out]), size)
}

/** The transposed convolution of image i with kernel i, `[batch, k, k, out, in]`: a convolution with the flipped kernel. */
function decodeEach(x: Tensor4D, kernel: Tensor5D, padding: number): Tensor4D {
  const [batch, size, , out, inside] = kernel.shape
  const taps = reshape(kernel, [batch, size * size, out, inside])
  const turned = concat(
    Array.from({ length: size * size }, (_, k) => slice(taps, [0, size * size - 1 - k, 0, 0], [batch, 1, out, inside])),
    1,
  )
  const matrices = reshape(transpose(turned, [0, 1, 3, 2]), [batch, size * size * inside, out])
  return windowsTimes(padded(x, size - 1 - padding), matrices, size)
}

const padded = (x: Tensor4D, by: number): Tensor4D => (by === 0 ? x : pad(x, [0, by, by, 0], [0, by, by, 0]))

/** The windows of image i, as rows, times matrix i of `[batch, size² · in, out]`. */
function windowsTimes(x: Tensor4D, matrices: Tensor, size: number): Tensor4D {
  const [batch, height, width, inside] = x.shape
  const [h, w] = [height - size + 1, width - size + 1]
  const windows = concat(
    Array.from({ length: size * size }, (_, k) =>
      slice(x, [0, Math.floor(k / size), k % size, 0], [batch, h, w, inside]),
    ),
    3,
  )
  const product = matMul(reshape(windows, [batch, h * w, size * size * inside]), matrices)
  return reshape(product, [batch, h, w, matrices.shape[2]!])
}
