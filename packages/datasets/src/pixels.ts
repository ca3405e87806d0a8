import type { ImageShape, Preprocessing } from '@haba/core'

/** Images row-major as NHWC: bytes `0 … 255`, or floats in `[0, 1]`. */
export type Pixels = Uint8Array | Float32Array

/** Images of one shape. */
export interface Images {
  /** `[images × height × width × channels]` */
  readonly pixels: Pixels
  readonly image: ImageShape
}

/** A preprocessing too dear to run on every read: readers call `applyAll` once, and keep what it returns. */
export interface WholePreprocessing extends Preprocessing {
  /** `[images × height × width × channels]`, a new array. */
  applyAll(images: Images): Promise<Float32Array>
}

/** Finds a preprocessing from the training images alone, such as `zca({ engine })`. */
export type Fit = (train: Images) => Promise<Preprocessing>

/** How many values an image has. */
export const valuesOf = ([height, width, channels]: ImageShape): number => height * width * channels
