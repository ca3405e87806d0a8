import type { Tensor4D } from '@tensorflow/tfjs-core'
import type { ImageShape } from './batch.js'
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
