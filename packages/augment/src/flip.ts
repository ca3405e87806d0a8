import { uniform, type Augmentation, type ImageShape } from '@haba/core'
import { linearDraw, linearMap, type LinearDraw } from './linear-map.js'
import { assertBetween } from './options.js'

/** Options of flip. */
export interface FlipOptions {
  /** Probability of mirroring an image, 0 … 1. @default 0.5 */
  readonly probability?: number
}

/** Mirrors images left to right. */
export function flip({ probability = 0.5 }: FlipOptions = {}): Augmentation<LinearDraw> {
  assertBetween('flip', 'probability', probability, 0, 1)
  return {
    name: 'flip',
    draw: (key, rows, image) => flipDraw(uniform(key, rows), image, { probability }),
    apply: linearMap,
  }
}

/** The draw for given random numbers: image i is mirrored if `u[i] < probability`. */
export const flipDraw = (
  u: ArrayLike<number>,
  image: ImageShape,
  { probability = 0.5 }: FlipOptions = {},
): LinearDraw => {
  const [height, width] = image
  return linearDraw(
    u.length,
    image,
    (_, add) => {
      for (let y = 0; y < height; y++) add(y, y, 1)
    },
    (i, add) => {
      for (let x = 0; x < width; x++) add(x, u[i]! < probability ? width - 1 - x : x, 1)
    },
  )
}
