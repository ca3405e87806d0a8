import type { Tensor4D } from '@tensorflow/tfjs-core'
import type { ImageShape } from './batch.js'

/** Labeled images that can be read by index. */
export interface RealSource {
  readonly image: ImageShape
  readonly classes: number
  /** The class of every image, `0 … classes-1`, in the source's order. */
  readonly labels: Int32Array
  /** `[indices.length, height, width, channels]`, preprocessed; row r is image `indices[r]`. The caller owns it. */
  images(indices: Int32Array): Promise<Tensor4D>
  /**
   * The same images before preprocessing, `[indices.length × height × width × channels]`: bytes, or floats in `[0, 1]`. The
   * identity of data is computed from them. Undefined if only preprocessed images are kept.
   *
   * @default undefined: they are computed from `images` by inverting the preprocessing
   */
  pixels?(indices: Int32Array): Promise<Uint8Array | Float32Array | undefined>
}

/** A fitted, invertible map from pixels in `[0, 1]` to the space that networks see. */
export interface Preprocessing {
  readonly name: string
  /** Everything needed to rebuild it, as JSON (large matrices by reference to a file's tensors). */
  readonly settings: Readonly<Record<string, unknown>>
  /** Both maps take and return `[rows × height × width × channels]` values, row-major NHWC, as a new array. */
  apply(pixels: Float32Array, image: ImageShape): Float32Array
  invert(values: Float32Array, image: ImageShape): Float32Array
}

/** Training and test images with their names and preprocessing. */
export interface Dataset {
  readonly name: string
  readonly image: ImageShape
  readonly classes: number
  readonly classNames: readonly string[]
  readonly preprocessing: Preprocessing
  readonly train: RealSource
  readonly test: RealSource
  /** Warnings for readers of results, such as skipped files. @default none */
  readonly warnings?: readonly string[]
}

/** A data set without test images. */
export type TrainDataset = Omit<Dataset, 'test'>
