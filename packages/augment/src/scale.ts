import { foldIn, uniform, type Augmentation, type ImageShape } from '@haba/core'
import { linearDraw, linearMap, type LinearDraw, type Mix } from './linear-map.js'
import { assertBetween } from './options.js'

/** Options of scale. */
export interface ScaleOptions {
  /** At least 1. Sampling steps are in `[1/ratio, ratio)`; a step above 1 shrinks the picture. @default 1.2 */
  readonly ratio?: number
}

/** Scales images about their center, width and height separately, bilinearly, with zeros outside. */
export function scale({ ratio = 1.2 }: ScaleOptions = {}): Augmentation<LinearDraw> {
  assertBetween('scale', 'ratio', ratio, 1, Infinity)
  return {
    name: 'scale',
    draw: (key, rows, image) =>
      scaleDraw(uniform(foldIn(key, 'x'), rows), uniform(foldIn(key, 'y'), rows), image, { ratio }),
    apply: linearMap,
  }
}

/** The draw for given random numbers `u` in `[0, 1)`: a sampling step is `u · (ratio - 1/ratio) + 1/ratio`. */
export function scaleDraw(
  ux: ArrayLike<number>,
  uy: ArrayLike<number>,
  image: ImageShape,
  { ratio = 1.2 }: ScaleOptions = {},
): LinearDraw {
  const resampled =
    (u: ArrayLike<number>, length: number): Mix =>
    (i, add) => {
      const step = u[i]! * (ratio - 1 / ratio) + 1 / ratio
      const center = (length - 1) / 2
      for (let to = 0; to < length; to++) {
        const from = center + step * (to - center)
        const low = Math.floor(from)
        add(to, low, 1 - (from - low))
        add(to, low + 1, from - low)
      }
    }
  return linearDraw(ux.length, image, resampled(uy, image[0]), resampled(ux, image[1]))
}
