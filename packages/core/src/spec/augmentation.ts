import type { Tensor4D } from '@tensorflow/tfjs-core'
import type { Batch, ImageShape } from './batch.js'
import type { Key } from './random.js'
import type { Args } from './tree.js'

/**
 * A differentiable change of images whose chance is data: "siamese" means applying the same draw to both sides.
 * A draw of one row acts on every image of a batch; a draw of n rows acts on n images, row by row.
 */
export interface Augmentation<Draw extends Args = Args> {
  readonly name: string
  draw(key: Key, rows: number, image: ImageShape): Draw
  apply(images: Tensor4D, draw: Draw): Tensor4D
}

/**
 * A change of whole batches that mixes images and, alike, their targets, such as cutmix. Its chance is data, too: a draw
 * of n rows acts on a batch of n.
 */
export interface Mixing<Draw extends Args = Args> {
  readonly name: string
  draw(key: Key, rows: number, image: ImageShape): Draw
  apply(batch: Batch, draw: Draw): Batch
}
