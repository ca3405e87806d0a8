import type { Tensor2D, Tensor4D } from '@tensorflow/tfjs-core'

/** Height, width and channels of an image. */
export type ImageShape = readonly [height: number, width: number, channels: number]

/** Images with their targets. (A type, not an interface: it is a `Tree`.) */
export type Batch = {
  /** `[batch, height, width, channels]`, float32, in the preprocessed space of the data. */
  readonly images: Tensor4D
  /** `[batch, classes]`, float32; rows sum to 1; hard labels are one-hot. */
  readonly targets: Tensor2D
}
