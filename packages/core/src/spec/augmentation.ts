import type { Tensor4D } from '@tensorflow/tfjs-core'
import type { Batch, ImageShape } from './batch.js'
import type { Key } from './random.js'
import type { Args } from './tree.js'

/**
 * A differentiable augmentation of images. Its random draw is data: applying the same draw to real and synthetic images is
 * "siamese". A draw of one row applies to every image of a batch; a draw of n rows applies to n images, row by row.
 */
export interface Augmentation<Draw extends Args = Args> {
  readonly name: string
  draw(key: Key, rows: number, image: ImageShape): Draw
  apply(images: Tensor4D, draw: Draw): Tensor4D
}

/**
 * An augmentation that mixes the images of a batch and their targets, such as cutmix. Its random draw is data, too: a draw
 * of n rows applies to a batch of n.
 */
export interface Mixing<Draw extends Args = Args> {
  readonly name: string
  draw(key: Key, rows: number, image: ImageShape): Draw
  apply(batch: Batch, draw: Draw): Batch
}
