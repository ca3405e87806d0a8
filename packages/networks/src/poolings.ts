import { avgPool, HabaError, maxPool } from '@haba/core'
import type { Tensor4D } from '@tensorflow/tfjs-core'

/** How a block downsamples its maps. */
export interface Pooling {
  /** The field's abbreviation: AP, MP, NP. */
  readonly name: string
  /** Divides height and width, rounded down. */
  readonly factor: number
  apply(x: Tensor4D): Tensor4D
}

/** Mean of each 2 × 2 window. */
export const averagePooling: Pooling = { name: 'AP', factor: 2, apply: (x) => avgPool(x, 2) }
/** Largest value of each 2 × 2 window. */
export const maxPooling: Pooling = { name: 'MP', factor: 2, apply: (x) => maxPool(x, 2) }
/** No pooling. */
export const noPooling: Pooling = { name: 'NP', factor: 1, apply: (x) => x }

/** The factor that averages a length, a multiple of `side`, down to `side`; 1 for smaller lengths. */
export function factorTo(who: string, side: number, length: number): number {
  if (length <= side) return 1
  if (length % side !== 0)
    throw new HabaError(
      who,
      `last maps a multiple of ${side} wide`,
      `${length}`,
      'Use images with a power of two as their size.',
    )
  return length / side
}
