import type { ImageShape } from '@haba/core'

/** Resizes `[height, width, channels]` bytes to another height and width, ignoring proportions. */
export type Resize = (
  pixels: Uint8Array,
  image: ImageShape,
  size: readonly [height: number, width: number],
) => Uint8Array | Promise<Uint8Array>

/**
 * Bilinear interpolation between the four nearest pixels, without antialiasing: the behavior of torchvision on tensors when MTT
 * and HaBa published their results on ImageNet. Values are rounded to bytes.
 */
export const bilinear: Resize = (pixels, [height, width, channels], [rows, columns]) => {
  const [down, across] = [between(height, rows), between(width, columns)]
  const result = new Uint8Array(rows * columns * channels)
  let to = 0
  for (let y = 0; y < rows; y++) {
    const v = down.part[y]!
    const top = down.low[y]! * width
    const bottom = down.high[y]! * width
    for (let x = 0; x < columns; x++) {
      const u = across.part[x]!
      const left = across.low[x]!
      const right = across.high[x]!
      for (let c = 0; c < channels; c++) {
        const above = pixels[(top + left) * channels + c]! * (1 - u) + pixels[(top + right) * channels + c]! * u
        const below = pixels[(bottom + left) * channels + c]! * (1 - u) + pixels[(bottom + right) * channels + c]! * u
        result[to++] = Math.round(above * (1 - v) + below * v)
      }
    }
  }
  return result
}

/** For every position of the result, its two neighbors along one axis; pixel centers are aligned, not corners. */
function between(from: number, to: number) {
  const [low, high, part] = [new Int32Array(to), new Int32Array(to), new Float64Array(to)]
  for (let i = 0; i < to; i++) {
    const place = Math.max(0, ((i + 0.5) * from) / to - 0.5)
    low[i] = Math.floor(place)
    high[i] = Math.min(low[i]! + 1, from - 1)
    part[i] = place - low[i]!
  }
  return { low, high, part }
}

/** Bilinear with antialiasing, as in PIL and newer torchvision: every pixel of a large image counts. */
export const smooth: Resize = async (pixels, [height, width, channels], [rows, columns]) => {
  const { default: sharp } = await import('sharp')
  return sharp(pixels, { raw: { height, width, channels: channels as 1 | 3 } })
    .resize({ height: rows, width: columns, fit: 'fill', kernel: 'linear' })
    .toColorspace(channels === 3 ? 'srgb' : 'b-w')
    .raw({ depth: 'uchar' })
    .toBuffer()
}
