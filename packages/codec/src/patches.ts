import { sizeOf } from '@haba/core'

/** Values that share a scale and an offset. */
export interface Patches {
  /** `[values]`: the patch of each value, in the tensor's row-major order. */
  readonly of: Int32Array
  readonly count: number
}

/**
 * Cuts a tensor `[…, height, width, channels]` into squares of `patch × patch` values of one channel; those at the right
 * and the bottom are smaller where `patch` does not divide. Tensors of fewer axes, or with a side below `patch`, are cut
 * into runs of `patch²` values.
 */
export function patchesOf(shape: readonly number[], patch: number): Patches {
  const size = sizeOf(shape)
  const of = new Int32Array(size)
  const [height = 0, width = 0, channels = 0] = shape.slice(-3)
  if (shape.length < 3 || height < patch || width < patch) {
    const run = patch * patch
    for (let i = 0; i < size; i++) of[i] = Math.floor(i / run)
    return { of, count: Math.ceil(size / run) }
  }
  const [down, across] = [Math.ceil(height / patch), Math.ceil(width / patch)]
  for (let i = 0; i < size; i++) {
    const x = Math.floor(i / channels) % width
    const row = Math.floor(i / (channels * width))
    const [image, y] = [Math.floor(row / height), row % height]
    of[i] = ((image * down + Math.floor(y / patch)) * across + Math.floor(x / patch)) * channels + (i % channels)
  }
  return { of, count: (size / (height * width)) * down * across }
}

/** The indices of each patch's values, one patch after the other: patch p has `order[start[p]] … order[start[p + 1] - 1]`. */
export function members({ of, count }: Patches): { readonly order: Int32Array; readonly start: Int32Array } {
  const start = new Int32Array(count + 1)
  for (const patch of of) start[patch + 1]!++
  for (let p = 0; p < count; p++) start[p + 1]! += start[p]!
  const next = start.slice()
  const order = new Int32Array(of.length)
  of.forEach((patch, i) => (order[next[patch]!++] = i))
  return { order, start }
}
