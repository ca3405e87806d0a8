import { avgPool, HabaError, maxPool } from '@haba/core'
import type { Tensor4D } from '@tensorflow/tfjs-core'

/** How a block shrinks its maps. */
export interface Pooling {
  /** Two letters as in the field: AP, MP, NP. */
  readonly name: string
  /** Height and width are divided by it, rounded down. */
  readonly factor: number
  apply(x: Tensor4D): Tensor4D
}

/** Mean of each 2 × 2 window. */
export const averagePooling: Pooling = { name: 'AP', factor: 2, apply: (x) => avgPool(x, 2) }
/** Largest value of each 2 × 2 window. */
export const maxPooling: Pooling = { name: 'MP', factor: 2, apply: (x) => maxPool(x, 2) }
/** Maps keep their size. */
export const noPooling: Pooling = { name: 'NP', factor: 1, apply: (x) => x }

/** Averages maps of `side` or a multiple of it down to `side`; smaller maps stay. The factor for such a length. */
export function factorTo(who: string, side: number, length: number): number {
  if (length <= side) return 1
  if (length % side !== 0)
    throw new HabaError(who, `last maps a multiple of ${side} wide`, `${length}`, 'Use images of a power of two.')
  return length / side
}
