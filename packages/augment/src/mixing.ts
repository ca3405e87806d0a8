import { add, gather, HabaError, mul, sub, tensor, type Batch } from '@haba/core'
import type { Tensor1D, Tensor2D, Tensor4D } from '@tensorflow/tfjs-core'

/** A draw for a whole batch: every image is mixed with a partner of any class from the same batch. */
export type MixDraw = {
  /** `[rows]`, int32: the partner of each image. */
  readonly partner: Tensor1D
  /** `[1, height or 1, width or 1, 1]`: the weight of the image at each pixel. */
  readonly own: Tensor4D
  /** `[1, 1]`: the weight of its target. */
  readonly ratio: Tensor2D
}

/** Mixes images and targets; cutmix and mixup differ only in their draws. */
export function mixBatch({ images, targets }: Batch, { partner, own, ratio }: MixDraw): Batch {
  if (partner.shape[0] !== images.shape[0])
    throw new HabaError('mixing', `a draw of ${images.shape[0]} rows`, `${partner.shape[0]}`, 'Draw for this batch.')
  const mixed = <T extends Tensor2D | Tensor4D>(x: T, part: T): T =>
    add(mul(x, part), mul(gather(x, partner), sub(1, part))) as T
  return { images: mixed(images, own), targets: mixed(targets, ratio) }
}

/** A draw from numbers. @param own row-major `[height × width]`, or one value for all pixels */
export const mixDraw = (
  partner: ArrayLike<number>,
  own: Float32Array,
  [height, width]: readonly [height: number, width: number, ...rest: number[]],
  ratio: number,
): MixDraw => ({
  partner: tensor(Int32Array.from(partner), [partner.length]),
  own: tensor(own, [1, height, width, 1]),
  ratio: tensor([ratio], [1, 1]),
})
