import { keyFrom, normal, sizeOf, tensor } from '@haba/core'

/** Normal numbers as a tensor. */
export const drawn = (seed: number, shape: readonly number[]) => tensor(normal(keyFrom(seed), sizeOf(shape)), shape)

/** A tensor of smooth images. */
export const waves = (shape: readonly [number, number, number, number]) => {
  const [, height, width, channels] = shape
  return tensor(
    Float32Array.from({ length: sizeOf(shape) }, (_, i) => {
      const x = Math.floor(i / channels) % width
      const y = Math.floor(i / (channels * width)) % height
      return Math.sin(x / 3 + (i % channels)) * Math.cos(y / 4) + Math.floor(i / (channels * width * height)) / 5
    }),
    shape,
  )
}
