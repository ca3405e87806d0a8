import type { Tensor, Tensor4D, Tensor5D } from '@tensorflow/tfjs-core'
import { add, concat, conv2d, conv2dTranspose, matMul, mul, pad, reshape, slice } from '@haba/core'

/** The weights of hallucinators, each stacked along a first axis of hallucinators. */
export type Hallucinators = {
  readonly encode: {
    /** `[hallucinators, kernel, kernel, basisChannels, hidden]` */
    readonly kernel: Tensor5D
    /** `[hallucinators, hidden]` */
    readonly bias: Tensor
  }
  /** `[hallucinators, height-kernel+1, width-kernel+1, hidden]` */
  readonly scale: Tensor4D
  /** As `scale`. */
  readonly shift: Tensor4D
  readonly decode: {
    /** `[hallucinators, kernel, kernel, channels, hidden]` */
    readonly kernel: Tensor5D
    /** `[hallucinators, channels]` */
    readonly bias: Tensor
  }
}

/** A function of encoded maps, `[batch, height, width, hidden]`. */
export type Activation = (x: Tensor4D) => Tensor4D

/**
 * One hallucinator on a batch: `decode(scale ⊙ encode(bases) + shift)`.
 *
 * @param bases `[batch, height, width, basisChannels]`
 * @param one the weights with a first axis of length 1
 * @returns `[batch, height, width, channels]`
 */
export function hallucinate(bases: Tensor4D, one: Hallucinators, activation: Activation): Tensor4D {
  const whole = (kernel: Tensor5D) => reshape(kernel, kernel.shape.slice(1)) as Tensor4D
  const vector = (bias: Tensor) => reshape(bias, bias.shape.slice(1))
  const encoded = activation(add(conv2d(bases, whole(one.encode.kernel)), vector(one.encode.bias)))
  const mixed = add(mul(encoded, one.scale), one.shift) // [batch, height-k+1, width-k+1, hidden]
  return add(conv2dTranspose(mixed, whole(one.decode.kernel)), vector(one.decode.bias))
}

/**
 * A hallucinator of its own for every image, for sets whose classes do not share hallucinators.
 *
 * @param each the weights with a first axis of length batch
 */
export function hallucinateEach(bases: Tensor4D, each: Hallucinators, activation: Activation): Tensor4D {
  const rows = (bias: Tensor) => reshape(bias, [bias.shape[0]!, 1, 1, bias.shape[1]!])
  const encoded = activation(add(convolveEach(bases, each.encode.kernel, false), rows(each.encode.bias)))
  const mixed = add(mul(encoded, each.scale), each.shift)
  const [, size] = each.decode.kernel.shape
  const around = [0, size - 1, size - 1, 0]
  return add(convolveEach(pad(mixed, around, around) as Tensor4D, each.decode.kernel, true), rows(each.decode.bias))
}

/**
 * Convolves image i with kernel i: the windows as rows of one matrix an image, then one batched matrix product.
 * `adjoint` reads kernels `[batch, k, k, out, in]` turned around, as a transposed convolution does.
 */
function convolveEach(x: Tensor4D, kernel: Tensor5D, adjoint: boolean): Tensor4D {
  const [batch, height, width, channels] = x.shape
  const [, size, , a, b] = kernel.shape
  const [h, w] = [height - size + 1, width - size + 1]
  const taps = Array.from({ length: size * size }, (_, k) => [Math.floor(k / size), k % size] as const)
  const windows = concat(
    taps.map(([i, j]) => {
      const [row, column] = adjoint ? [size - 1 - i, size - 1 - j] : [i, j]
      return slice(x, [0, row, column, 0], [batch, h, w, channels])
    }),
    3,
  ) // [batch, h, w, taps·in]
  const columns = reshape(windows, [batch, h * w, size * size * channels])
  if (!adjoint) return reshape(matMul(columns, reshape(kernel, [batch, size * size * a, b])), [batch, h, w, b])
  // Each tap's [out, in] block must be read as [in, out]: one product a tap keeps the kernel as it is stored.
  const products = taps.map((_, k) => {
    const part = slice(columns, [0, 0, k * channels], [batch, h * w, channels])
    const block = slice(reshape(kernel, [batch, size * size, a, b]), [0, k, 0, 0], [batch, 1, a, b])
    return matMul(part, reshape(block, [batch, a, b]), { b: true })
  })
  return reshape(
    products.reduce((total, product) => add(total, product)),
    [batch, h, w, a],
  )
}
