import { foldIn, normal, sizeOf, tensor, uniform, type Key } from '@haba/core'
import type { Tensor4D, Tensor5D } from '@tensorflow/tfjs-core'
import type { Hallucinators, Layer } from './hallucinate.js'

/** The sizes of stacked hallucinators. */
export interface HallucinatorShape {
  /** Number of stacked hallucinators. */
  readonly count: number
  readonly kernel: number
  /** Channels of a basis, between the layers, and of an image. */
  readonly channels: { readonly basis: number; readonly hidden: number; readonly image: number }
  /** Height and width of scales and shifts. */
  readonly maps: readonly [number, number]
  /** Layers on each side. */
  readonly layers: number
}

/** Makes initial hallucinators. */
export type Initializer = (key: Key, shape: HallucinatorShape) => Hallucinators

/** Makes the kernel of a layer. @param direction whether it encodes, `[k, k, in, out]`, or decodes, `[k, k, out, in]` */
type MakeLayer = (
  key: Key,
  direction: 'encode' | 'decode',
  count: number,
  kernel: number,
  from: number,
  to: number,
) => Layer

const layered =
  (make: MakeLayer): Initializer =>
  (key, { count, kernel, channels: { basis, hidden, image }, maps, layers }) => {
    const layer = (name: 'encode' | 'decode', from: number, to: number, own = foldIn(key, name)) =>
      make(own, name, count, kernel, from, to)
    const inner = (name: 'encode' | 'decode') =>
      Array.from({ length: layers - 1 }, (_, i) => layer(name, hidden, hidden, foldIn(foldIn(key, `inner ${name}`), i)))
    const shape = [count, ...maps, hidden]
    return {
      encode: layer('encode', basis, hidden),
      scale: tensor(new Float32Array(sizeOf(shape)).fill(1), shape) as Tensor4D,
      shift: tensor(new Float32Array(sizeOf(shape)), shape) as Tensor4D,
      decode: layer('decode', hidden, image),
      ...(layers > 1 && { inner: { encode: inner('encode'), decode: inner('decode') } }),
    }
  }

/**
 * PyTorch's defaults, as in HaBa's released code: kernels and biases uniform in `±1/√fan` (for transposed convolutions PyTorch
 * counts outputs), scales 1, shifts 0. Initial images have about a third of the data's standard deviation.
 */
export const released: Initializer = layered((key, direction, count, kernel, from, to) => {
  const bound = 1 / Math.sqrt(kernel * kernel * (direction === 'encode' ? from : to))
  const drawn = (name: string, shape: readonly number[]) =>
    tensor(uniform(foldIn(key, name), sizeOf(shape), -bound, bound), shape)
  return {
    kernel: drawn('kernel', [count, kernel, kernel, ...(direction === 'encode' ? [from, to] : [to, from])]) as Tensor5D,
    bias: drawn('bias', [count, to]),
  }
})

/**
 * Every hallucinator is the identity plus noise, which makes views differ: kernels with a single 1 in the middle, biases and
 * shifts 0, scales 1. Without an activation the initial images are the bases; without padding they lack the bases' border.
 *
 * @param options.noise standard deviation of the noise added to every kernel @default 0.05
 */
export const identity = ({ noise = 0.05 }: { readonly noise?: number } = {}): Initializer =>
  layered((key, direction, count, kernel, from, to) => {
    const shape = [count, kernel, kernel, ...(direction === 'encode' ? [from, to] : [to, from])]
    const values = normal(foldIn(key, 'kernel'), sizeOf(shape)).map((v) => v * noise)
    const middle = Math.floor(kernel / 2)
    // If the numbers of channels differ, channels are repeated or averaged.
    for (let n = 0; n < count; n++)
      for (let i = 0; i < from; i++)
        for (let o = 0; o < to; o++) {
          if (from > to ? i % to !== o : o % from !== i) continue
          const [row, column] = direction === 'encode' ? [i, o] : [o, i]
          const at = (((n * kernel + middle) * kernel + middle) * shape[3]! + row) * shape[4]! + column
          values[at]! += from > to ? 1 / Math.ceil((from - o) / to) : 1
        }
    return { kernel: tensor(values, shape) as Tensor5D, bias: tensor(new Float32Array(count * to), [count, to]) }
  })
