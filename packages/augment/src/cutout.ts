import { foldIn, integers, mul, tensor, type Augmentation, type ImageShape } from '@haba/core'
import type { Tensor4D } from '@tensorflow/tfjs-core'
import { assertRows } from './linear-map.js'
import { assertBetween } from './options.js'

/** Options of cutout. */
export interface CutoutOptions {
  /** Side of the hole as a fraction of the image's, 0 … 1. @default 0.5 */
  readonly ratio?: number
}

/** `mask` `[n or 1, height, width, 1]`: 0 in the hole, else 1. */
export type CutoutDraw = { readonly mask: Tensor4D }

const holeOf = (length: number, ratio: number) => Math.floor(length * ratio + 0.5)

/** Sets a rectangle of images to zero, clipped at the border. */
export function cutout({ ratio = 0.5 }: CutoutOptions = {}): Augmentation<CutoutDraw> {
  assertBetween('cutout', 'ratio', ratio, 0, 1)
  return {
    name: 'cutout',
    draw: (key, rows, image) => {
      // The center of a hole with an even side is between pixels, so it has one more position.
      const centers = (axis: 0 | 1) =>
        integers(foldIn(key, axis), rows, image[axis] + 1 - (holeOf(image[axis], ratio) % 2))
      return cutoutDraw(centers(0), centers(1), image, { ratio })
    },
    apply: (images, { mask }) => {
      assertRows('cutout', mask.shape[0], images.shape[0])
      return mul(images, mask)
    },
  }
}

/** The draw for given centers, `0 … height` and `0 … width`: the hole starts half its side before the center. */
export function cutoutDraw(
  centerRows: ArrayLike<number>,
  centerColumns: ArrayLike<number>,
  [height, width]: ImageShape,
  { ratio = 0.5 }: CutoutOptions = {},
): CutoutDraw {
  const values = new Float32Array(centerRows.length * height * width).fill(1)
  for (let i = 0; i < centerRows.length; i++) {
    const [top, bottom] = edges(centerRows[i]!, height, ratio)
    const [left, right] = edges(centerColumns[i]!, width, ratio)
    for (let y = top; y < bottom; y++) {
      const row = (i * height + y) * width
      values.fill(0, row + left, row + right)
    }
  }
  return { mask: tensor(values, [centerRows.length, height, width, 1]) }
}

/** First position inside the hole and first after it. As in the reference, positions are clamped, so a border pixel is always hit. */
function edges(center: number, length: number, ratio: number): readonly [number, number] {
  const size = holeOf(length, ratio)
  if (size === 0) return [0, 0]
  const start = center - Math.floor(size / 2)
  const clamp = (position: number) => Math.min(Math.max(position, 0), length - 1)
  return [clamp(start), clamp(start + size - 1) + 1]
}
