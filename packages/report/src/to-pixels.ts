import { checkArguments, HabaError, type ImageShape, type Preprocessing } from '@haba/core'
import type { Pixels } from './picture.js'

/** Options of `toPixels`. */
export interface ToPixelsOptions {
  /** `[rows × height × width × channels]`, row-major NHWC, as stored or rendered. */
  readonly values: Float32Array
  readonly image: ImageShape
  /**
   * Inverts the preprocessing to `[0, 1]`, for values that are images in the data's space. Omit it for bases with another number
   * of channels or another size: each is then scaled by percentiles of its values.
   */
  readonly invert?: Preprocessing['invert']
  /**
   * The percentiles of a row that become black and white without `invert`, `0 … 100`.
   * @default [1, 99]
   */
  readonly percentiles?: readonly [low: number, high: number]
}

/** Images as bytes, with a note on their scaling. */
export interface PixelRows {
  readonly rows: readonly Pixels[]
  /** How the values were scaled, for the caption of the pictures. */
  readonly caption: string
}

/**
 * Converts float values to bytes, one picture per row, clamped. Three channels are red, green and blue; other numbers of channels
 * are averaged to gray. Values that are not finite become black and are counted in the caption.
 */
export function toPixels(options: ToPixelsOptions): PixelRows {
  const {
    values,
    image,
    invert,
    percentiles = [1, 99],
  } = checkArguments('toPixels', options, { values: 'floats', image: 'image' })
  const [height, width, channels] = image
  const size = height * width * channels
  const [low, high] = percentiles
  if (size === 0 || values.length % size !== 0)
    throw new HabaError(
      'toPixels',
      `a whole number of ${image.join('×')} rows of ${size} values`,
      `${values.length} values`,
      'Pass the image shape that these values were rendered with.',
    )
  if (!(low >= 0 && low < high && high <= 100))
    throw new HabaError('toPixels', 'percentiles with 0 <= low < high <= 100', `[${low}, ${high}]`, 'Use [1, 99].')

  const unit = invert ? invert(values, image) : values
  const rows = Array.from({ length: values.length / size }, (_, row) => {
    const own = unit.subarray(row * size, (row + 1) * size)
    const [black, white] = invert ? [0, 1] : spread(own, low, high)
    return { width, height, rgb: toRgb(own, channels, black, white) }
  })
  return { rows, caption: describe(channels, invert ? undefined : [low, high], unit) }
}

/** The values at two percentiles, by nearest rank. A constant row gets a range around its value, so that it becomes mid-gray. */
function spread(row: Float32Array, low: number, high: number): readonly [black: number, white: number] {
  const sorted = row.filter(Number.isFinite).sort()
  const at = (percent: number) => sorted[Math.round((percent / 100) * (sorted.length - 1))] ?? 0
  const black = at(low)
  const white = at(high)
  return white > black ? [black, white] : [black - 0.5, black + 0.5]
}

function toRgb(row: Float32Array, channels: number, black: number, white: number): Uint8Array {
  const rgb = new Uint8ClampedArray((row.length / channels) * 3) // clamps and rounds on assignment; NaN becomes 0
  const byte = (value: number) => (Number.isFinite(value) ? (255 * (value - black)) / (white - black) : 0)
  for (let pixel = 0; pixel * channels < row.length; pixel++) {
    const own = row.subarray(pixel * channels, (pixel + 1) * channels)
    const gray = own.reduce((sum, value) => sum + value, 0) / channels
    for (let color = 0; color < 3; color++) rgb[pixel * 3 + color] = byte(channels === 3 ? own[color]! : gray)
  }
  return new Uint8Array(rgb.buffer)
}

function describe(channels: number, percentiles: readonly [number, number] | undefined, values: Float32Array): string {
  const broken = values.reduce((count, value) => count + (Number.isFinite(value) ? 0 : 1), 0)
  return [
    percentiles
      ? `each scaled so that its percentiles ${percentiles[0]} and ${percentiles[1]} become black and white`
      : 'preprocessing undone, clamped to [0, 1]',
    ...(channels === 1 || channels === 3 ? [] : [`gray is the mean of ${channels} channels`]),
    ...(broken > 0 ? [`${broken} values are not finite and shown black`] : []),
  ].join('; ')
}
