import { sizeOf, tensor } from '@haba/core'
import type { Tensor } from '@tensorflow/tfjs-core'

/** Fills network parameters that are not stored, by the manifest's formula; parameter k is the k-th of the list. */
export type Wave = (names: readonly string[], shapes: readonly (readonly number[])[]) => Tensor[]

interface Form {
  readonly base: number
  readonly amp: number
}

/** `base + amp · sin(0.37 i + 0.0013 i cos(0.011 i) + 1.7 k + phase)` over flat indices i. */
export const waveOf =
  (phase: number): Wave =>
  (names, shapes) =>
    shapes.map((shape, k) => {
      const { base, amp } = formOf(names[k]!, shape)
      const values = new Float32Array(sizeOf(shape))
      for (let i = 0; i < values.length; i++)
        values[i] = base + amp * Math.sin(0.37 * i + 0.0013 * i * Math.cos(0.011 * i) + 1.7 * k + phase)
      return tensor(values, shape)
    })

function formOf(name: string, shape: readonly number[]): Form {
  if (shape.length > 1) return { base: 0, amp: Math.sqrt(2 / sizeOf(shape.slice(shape[0] === 1 ? 2 : 1))) }
  return name.endsWith('weight') ? { base: 1, amp: 0.2 } : { base: 0, amp: 0.1 }
}
