import { sizeOf, type ConvolutionAttributes } from '@haba/core'
import type { Kernels } from './kernel.js'

interface Taps extends Partial<ConvolutionAttributes> {
  readonly strides: readonly [number, number]
  readonly image: readonly number[]
  readonly window: readonly [number, number]
  readonly result: readonly number[]
}

/** Visits every pair of a window's place and an image pixel inside it, as indices of pixels. */
function visitTaps(
  { image, window, result, strides, pads = [0, 0, 0, 0] }: Taps,
  visit: (pixel: number, tap: number, place: number) => void,
): void {
  const [batch, height, width] = image as [number, number, number]
  const [, rows, columns] = result as [number, number, number]
  for (let place = 0; place < batch * rows * columns; place++) {
    const top = (Math.floor(place / columns) % rows) * strides[0] - pads[0]
    const left = (place % columns) * strides[1] - pads[1]
    const first = Math.floor(place / (rows * columns)) * height
    for (let tap = 0; tap < window[0] * window[1]; tap++) {
      const [y, x] = [top + Math.floor(tap / window[1]), left + (tap % window[1])]
      if (y >= 0 && y < height && x >= 0 && x < width) visit((first + y) * width + x, tap, place)
    }
  }
}

/** Visits every product in a convolution: flat indices into images, kernel and result. */
function visitProducts(
  taps: Omit<Taps, 'window'> & { readonly kernel: readonly number[] },
  visit: (x: number, k: number, y: number) => void,
): void {
  const [kh, kw, inside, out] = taps.kernel as [number, number, number, number]
  visitTaps({ ...taps, window: [kh, kw] }, (pixel, tap, place) => {
    for (let i = 0; i < inside; i++)
      for (let o = 0; o < out; o++) visit(pixel * inside + i, (tap * inside + i) * out + o, place * out + o)
  })
}

/** Convolutions and pooling as their sums are written in a textbook; an adjoint adds to the other operand of each product. */
export const convolutionKernels: Kernels<'conv2d' | 'conv2dInput' | 'conv2dFilter' | 'avgPool' | 'avgPoolInput'> = {
  conv2d: ({ inputs: [x, kernel], attributes, shape }, image, filter) => {
    const sum = new Float64Array(sizeOf(shape))
    visitProducts({ ...attributes, image: x!.shape, kernel: kernel!.shape, result: shape }, (i, k, o) => {
      sum[o]! += image[i]! * filter[k]!
    })
    return sum
  },
  conv2dInput: ({ inputs: [dy, kernel], attributes, shape }, cotangent, filter) => {
    const sum = new Float64Array(sizeOf(shape))
    visitProducts({ ...attributes, image: shape, kernel: kernel!.shape, result: dy!.shape }, (i, k, o) => {
      sum[i]! += cotangent[o]! * filter[k]!
    })
    return sum
  },
  conv2dFilter: ({ inputs: [x, dy], attributes, shape }, image, cotangent) => {
    const sum = new Float64Array(sizeOf(shape))
    visitProducts({ ...attributes, image: x!.shape, kernel: shape, result: dy!.shape }, (i, k, o) => {
      sum[k]! += image[i]! * cotangent[o]!
    })
    return sum
  },
  avgPool: ({ inputs: [x], attributes: { size, strides }, shape }, image) => {
    const channels = shape[3]!
    const sum = new Float64Array(sizeOf(shape))
    visitTaps({ strides, image: x!.shape, window: size, result: shape }, (pixel, _, place) => {
      for (let c = 0; c < channels; c++)
        sum[place * channels + c]! += image[pixel * channels + c]! / (size[0] * size[1])
    })
    return sum
  },
  avgPoolInput: ({ inputs: [dy], attributes: { size, strides }, shape }, cotangent) => {
    const channels = shape[3]!
    const sum = new Float64Array(sizeOf(shape))
    visitTaps({ strides, image: shape, window: size, result: dy!.shape }, (pixel, _, place) => {
      for (let c = 0; c < channels; c++)
        sum[pixel * channels + c]! += cotangent[place * channels + c]! / (size[0] * size[1])
    })
    return sum
  },
}
