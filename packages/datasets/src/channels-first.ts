import type { ImageShape } from '@haba/core'
import { valuesOf, type Images } from './pixels.js'

/** For every value of `[channel, row, column]`, its index in an image stored as `[row, column, channel]`. */
export function channelsFirst(image: ImageShape): Int32Array {
  const [height, width, channels] = image
  const order = new Int32Array(valuesOf(image))
  const area = height * width
  for (let c = 0; c < channels; c++) for (let i = 0; i < area; i++) order[c * area + i] = i * channels + c
  return order
}

/** Part of a set as rows of `[channel, row, column]`. */
export interface Chunk {
  readonly start: number
  readonly count: number
  /** `[size × values]`; rows from `count` on are the filler. */
  readonly rows: Float32Array
}

/** All images in chunks of one size, as floats in `[0, 1]`, channels first; `filler` completes the last chunk. */
export function* chunksOf({ pixels, image }: Images, size: number, filler: Float32Array): Generator<Chunk> {
  const order = channelsFirst(image)
  const values = order.length
  const scale = pixels instanceof Uint8Array ? 255 : 1
  const images = pixels.length / values
  for (let start = 0; start < images; start += size) {
    const count = Math.min(size, images - start)
    const rows = new Float32Array(size * values)
    for (let row = 0; row < count; row++)
      for (let i = 0; i < values; i++) rows[row * values + i] = pixels[(start + row) * values + order[i]!]! / scale
    for (let row = count; row < size; row++) rows.set(filler, row * values)
    yield { start, count, rows }
  }
}
