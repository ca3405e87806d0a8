import { affineSample, tensor, uniform, type Augmentation } from '@haba/core'
import type { Tensor3D } from '@tensorflow/tfjs-core'
import { assertBetween } from './options.js'

/** Options of rotate. */
export interface RotateOptions {
  /** Largest angle in either direction, in degrees, 0 … 180. @default 15 */
  readonly degrees?: number
}

/** `matrices` `[n or 1, 2, 2]`, acting on (column, row) offsets from the center. */
export type RotateDraw = { readonly matrices: Tensor3D }

/** Rotates images about their center, bilinearly, with zeros outside. */
export function rotate({ degrees = 15 }: RotateOptions = {}): Augmentation<RotateDraw> {
  assertBetween('rotate', 'degrees', degrees, 0, 180)
  return {
    name: 'rotate',
    draw: (key, rows) => rotateDraw(uniform(key, rows), { degrees }),
    apply: (images, { matrices }) => affineSample(images, matrices),
  }
}

/** The draw for given random numbers `u` in `[0, 1)`: the angle is `(2u - 1) · degrees`. */
export function rotateDraw(u: ArrayLike<number>, { degrees = 15 }: RotateOptions = {}): RotateDraw {
  const entries = Array.from(u, (chance) => {
    const angle = ((2 * chance - 1) * degrees * Math.PI) / 180
    return [Math.cos(angle), -Math.sin(angle), Math.sin(angle), Math.cos(angle)]
  })
  return { matrices: tensor(entries.flat(), [u.length, 2, 2]) }
}
