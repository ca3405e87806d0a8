import { HabaError, type Preprocessing } from '@haba/core'
import type { Color } from './alpha.js'
import type { DecodingProgress } from './decode-images.js'
import type { Decoding } from './decoder.js'
import type { Fault } from './findings.js'
import type { Fit } from './pixels.js'

/** How image files are read, from folders or parquet files. */
export interface ImageOptions {
  /** Resizes every image to this, ignoring proportions. @default no resizing: all images must have the same size */
  readonly size?: readonly [height: number, width: number]
  /** 3: sRGB, with gray repeated; 1: gray by ITU-R 601, as `convert('L')` of PIL. @default 3 */
  readonly channels?: 1 | 3
  /**
   * Whether to apply the EXIF orientation, as browsers and viewers do; torchvision's `ImageFolder` ignores it.
   *
   * @default true
   */
  readonly orient?: boolean
  /** Background under transparent images, `0 … 255`. @default [255, 255, 255] */
  readonly background?: Color
  /**
   * The values of black and white in images with more than 8 bits; others are clamped.
   *
   * @default [0, 65535] for 16-bit images; floats must be in [0, 1]
   */
  readonly range?: readonly [black: number, white: number]
  /** Whether to skip unreadable images, with a warning that counts them. @default false: they are an error */
  readonly skipCorrupt?: boolean
  /**
   * Holds out this part of every class of the training images as test images: rounded, at least one image if a class has two.
   * An existing test half is ignored.
   */
  readonly testFraction?: number
  /** Seed of the images that `testFraction` holds out. @default 0 */
  readonly testSeed?: number
  /** Called with warnings for readers of results; `Dataset.warnings` has the same. @default process.emitWarning */
  readonly onWarning?: (warning: string) => void
  /** Called for every image that is unreadable or has another size. */
  readonly onFault?: (fault: Fault) => void
  /** Called from time to time. */
  readonly onProgress?: (progress: DecodingProgress) => void
  /** @default identity() */
  readonly preprocessing?: Preprocessing | Fit
}

/** The options that affect pixels. @throws HabaError for an invalid size, background or range */
export function decodingOf(who: string, options: ImageOptions): Decoding {
  const { size, channels = 3, orient = true, background, range, testFraction } = options
  if (size && !(size.length === 2 && size.every((length) => Number.isInteger(length) && length > 0)))
    throw new HabaError(who, 'size [height, width] in pixels', `[${size}]`, 'Use positive whole numbers.')
  if (background && !(background.length === 3 && background.every((value) => value >= 0 && value <= 255)))
    throw new HabaError(who, 'background [red, green, blue] of 0 … 255', `[${background}]`, 'White is [255, 255, 255].')
  if (range && !(range.length === 2 && range.every(Number.isFinite) && range[0] < range[1]))
    throw new HabaError(who, 'range [black, white] with black below white', `[${range}]`, 'Such as [0, 4095].')
  if (testFraction !== undefined && !(testFraction > 0 && testFraction < 1))
    throw new HabaError(who, 'testFraction between 0 and 1', `${testFraction}`, 'Such as 0.2.')
  return { size, channels, orient, background, range }
}

/** Emits a Node warning. */
export const emitWarning = (warning: string): void => process.emitWarning(warning, 'HabaWarning')
