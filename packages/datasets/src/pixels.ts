import { HabaError, type ImageShape, type Preprocessing } from '@haba/core'

/** Images row-major as NHWC: bytes `0 … 255`, or floats in `[0, 1]`. */
export type Pixels = Uint8Array | Float32Array

/** Images of one shape. */
export interface Images {
  /** `[images × height × width × channels]` */
  readonly pixels: Pixels
  readonly image: ImageShape
}

/** A preprocessing that is too expensive for every read: readers call `applyAll` once and keep its result. */
export interface WholePreprocessing extends Preprocessing {
  /** `[images × height × width × channels]`, a new array. */
  applyAll(images: Images): Promise<Float32Array>
}

/** Fits a preprocessing to the training images, such as `zca({ engine })`. */
export type Fit = (train: Images) => Promise<Preprocessing>

/** The number of values of an image. */
export const valuesOf = ([height, width, channels]: ImageShape): number => height * width * channels

/** An array for images of one shape. @throws HabaError naming `place` if no array can be that long */
export function roomFor(count: number, image: ImageShape, place: string): Uint8Array<ArrayBuffer> {
  try {
    return new Uint8Array(count * valuesOf(image))
  } catch (cause) {
    const gigabytes = (count * valuesOf(image)) / 1e9
    throw new HabaError(
      place,
      'images that fit into memory',
      `${count} of ${image[0]}×${image[1]}, the size of the first, which are ${gigabytes.toFixed(0)} GB`,
      'Set `size`, such as [64, 64], to resize them all.',
      { cause },
    )
  }
}

/**
 * Converts numbers to pixels: integers `0 … 255` become bytes, fractions in `[0, 1]` floats. Bytes are not copied.
 *
 * @throws HabaError naming `origin` for other numbers
 */
export function pixelsOf(values: ArrayLike<number>, origin: string): Pixels {
  if (values instanceof Uint8Array) return values
  let [low, high, whole] = [Infinity, -Infinity, true]
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!
    low = Math.min(low, value) // NaN propagates
    high = Math.max(high, value)
    whole &&= Number.isInteger(value)
  }
  if (low >= 0 && high <= 1) return Float32Array.from(values)
  if (whole && low >= 0 && high <= 255) return Uint8Array.from(values)
  throw new HabaError(
    origin,
    'pixels as whole numbers 0 … 255, or in [0, 1]',
    `${whole ? 'whole numbers' : 'numbers'} from ${low} to ${high}`,
    'Scale them before you write them.',
  )
}

/** A new array of the same type; `slice` of a Buffer would share memory. */
export const roomLike = (pixels: Pixels, length: number): Pixels =>
  pixels instanceof Float32Array ? new Float32Array(length) : new Uint8Array(length)
