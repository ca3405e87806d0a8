import { add, matMul, sub, tensor, type Engine } from '@haba/core'
import type { Tensor1D, Tensor2D } from '@tensorflow/tfjs-core'
import { channelsFirst, chunksOf } from './channels-first.js'
import type { Images } from './pixels.js'

/** Images per chunk: large enough for fast matrix products, and small compared with the matrices. */
const mostRows = 1024

const rowsOf = ({ pixels }: Images, values: number) => Math.min(mostRows, pixels.length / values)

interface CovarianceOptions {
  readonly images: Images
  /** `[values]`, channels first. */
  readonly mean: Float32Array
  readonly engine: Engine
}

/** Mean of every value over a set, channels first, summed in float64. */
export function meanOf({ pixels, image }: Images): Float32Array {
  const order = channelsFirst(image)
  const size = order.length
  const sums = new Float64Array(size)
  for (let start = 0; start < pixels.length; start += size)
    for (let i = 0; i < size; i++) sums[i]! += pixels[start + i]!
  const count = (pixels.length / size) * (pixels instanceof Uint8Array ? 255 : 1)
  return Float32Array.from(order, (place) => sums[place]! / count)
}

/** Unbiased covariance `Xcᵀ Xc / (n - 1)`, `[values × values]`, channels first; `Xc` is centered before the product. */
export async function covarianceOf({ images, mean, engine }: CovarianceOptions): Promise<Float32Array> {
  const size = mean.length
  const accumulate = engine.compile('zca covariance', (total: Tensor2D, rows: Tensor2D, middle: Tensor1D) => {
    const centered = sub(rows, middle)
    return add(total, matMul(centered, centered, { a: true }))
  })
  const middle = tensor(mean, [size])
  let total = tensor(new Float32Array(size * size), [size, size])
  const chunk = rowsOf(images, size)
  for (const { rows } of chunksOf(images, chunk, mean)) {
    const part = tensor(rows, [chunk, size])
    const next = await accumulate(total, part, middle)
    for (const used of [total, part]) used.dispose()
    total = next
  }
  const degrees = images.pixels.length / size - 1
  const covariance = (await total.data<'float32'>()).map((value) => value / degrees)
  for (const used of [total, middle]) used.dispose()
  return covariance
}

interface WhitenOptions extends CovarianceOptions {
  /** `[values × values]`, channels first. */
  readonly transform: Float32Array
}

/** `(X - mean) · transform` for a whole data set, chunk by chunk; the result is channels last, like the images. */
export async function whiten({ images, mean, transform, engine }: WhitenOptions): Promise<Float32Array> {
  const size = mean.length
  const order = channelsFirst(images.image)
  const apply = engine.compile('zca whiten', (rows: Tensor2D, middle: Tensor1D, matrix: Tensor2D) =>
    matMul(sub(rows, middle), matrix),
  )
  const middle = tensor(mean, [size])
  const matrix = tensor(transform, [size, size])
  const result = new Float32Array(images.pixels.length)
  const chunk = rowsOf(images, size)
  for (const { start, count, rows } of chunksOf(images, chunk, mean)) {
    const part = tensor(rows, [chunk, size])
    const white = await apply(part, middle, matrix)
    const values = await white.data<'float32'>()
    for (const used of [part, white]) used.dispose()
    for (let row = 0; row < count; row++)
      for (let i = 0; i < size; i++) result[(start + row) * size + order[i]!] = values[row * size + i]!
  }
  for (const used of [middle, matrix]) used.dispose()
  return result
}
