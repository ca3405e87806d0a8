import { foldIn, integers, type Augmentation, type ImageShape } from '@haba/core'
import { linearDraw, linearMap, type LinearDraw, type Mix } from './linear-map.js'
import { assertBetween } from './options.js'

/** Options of crop. */
export interface CropOptions {
  /** Largest shift as a fraction of the image's side, 0 … 1. @default 0.125 */
  readonly ratio?: number
}

/** Shifts images by whole pixels along both axes and fills with zeros (zero padding and a random crop). */
export function crop({ ratio = 0.125 }: CropOptions = {}): Augmentation<LinearDraw> {
  assertBetween('crop', 'ratio', ratio, 0, 1)
  return {
    name: 'crop',
    draw: (key, rows, image) => {
      const shifts = (axis: 0 | 1) => {
        const most = Math.floor(image[axis] * ratio + 0.5)
        return integers(foldIn(key, axis), rows, 2 * most + 1).map((shift) => shift - most)
      }
      return cropDraw(shifts(0), shifts(1), image)
    },
    apply: linearMap,
  }
}

/** The draw of given shifts: pixel `(y, x)` of image i comes from `(y + shiftRows[i], x + shiftColumns[i])`. */
export function cropDraw(shiftRows: ArrayLike<number>, shiftColumns: ArrayLike<number>, image: ImageShape): LinearDraw {
  const shifted =
    (shifts: ArrayLike<number>, length: number): Mix =>
    (i, add) => {
      for (let to = 0; to < length; to++) add(to, to + shifts[i]!, 1)
    }
  return linearDraw(shiftRows.length, image, shifted(shiftRows, image[0]), shifted(shiftColumns, image[1]))
}
