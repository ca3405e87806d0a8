import { foldIn, integers, permutation, uniform, type ImageShape, type Mixing } from '@haba/core'
import { mixBatch, mixDraw, type MixDraw } from './mixing.js'
import { assertBetween } from './options.js'

/** Options of cutmix and mixup. */
export interface MixOptions {
  /** Probability of mixing a batch, 0 … 1; other batches stay unchanged. */
  readonly probability?: number
}

/** A rectangle of pixels: first row and column inside, then first row and column after it. */
export type Box = readonly [top: number, left: number, bottom: number, right: number]

/**
 * Replaces a rectangle of every image by that of another one, and the same fraction of its target (CutMix; Yun et al., ICCV
 * 2019), as in IDC's training. The fraction λ that stays is uniform in `[0, 1)`, one for the whole batch.
 *
 * @param options.probability IDC's `mix_p` @default 0.5
 */
export function cutMix({ probability = 0.5 }: MixOptions = {}): Mixing<MixDraw> {
  assertBetween('cutMix', 'probability', probability, 0, 1)
  return {
    name: 'cutmix',
    draw: (key, rows, image) => {
      const drawn = uniform(foldIn(key, 'lambda'), 2)
      const along = (axis: 0 | 1) => integers(foldIn(key, axis), 1, image[axis])[0]!
      const kept = drawn[0]! < probability ? drawn[1]! : 1
      return cutMixDraw(kept, [along(0), along(1)], permutation(foldIn(key, 'partner'), rows), image)
    },
    apply: mixBatch,
  }
}

/** The draw for a given fraction `lambda`, center `(row, column)` and partners. */
export function cutMixDraw(
  lambda: number,
  center: readonly [row: number, column: number],
  partner: ArrayLike<number>,
  image: ImageShape,
): MixDraw {
  const [height, width] = image
  const [top, left, bottom, right] = cutMixBox(lambda, center, image)
  const own = new Float32Array(height * width).fill(1)
  for (let y = top; y < bottom; y++) own.fill(0, y * width + left, y * width + right)
  return mixDraw(partner, own, image, cutMixRatio([top, left, bottom, right], image))
}

/**
 * The rectangle of `1 - lambda` of the area around a center, clipped at the border. Half its side is rounded down, so that an
 * odd side loses a pixel, as in the released code.
 */
export function cutMixBox(
  lambda: number,
  [row, column]: readonly [row: number, column: number],
  [height, width]: ImageShape,
): Box {
  const side = Math.sqrt(1 - lambda)
  const clamp = (position: number, length: number) => Math.min(Math.max(position, 0), length)
  const [half, halfAcross] = [Math.floor(Math.floor(height * side) / 2), Math.floor(Math.floor(width * side) / 2)]
  return [
    clamp(row - half, height),
    clamp(column - halfAcross, width),
    clamp(row + half, height),
    clamp(column + halfAcross, width),
  ]
}

/** The fraction of an image outside a rectangle. It mixes the targets, instead of λ, because the rectangle may be clipped. */
export const cutMixRatio = ([top, left, bottom, right]: Box, [height, width]: ImageShape): number =>
  1 - ((bottom - top) * (right - left)) / (height * width)
