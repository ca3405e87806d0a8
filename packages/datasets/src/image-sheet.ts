import { HabaError, type ImageShape } from '@haba/core'
import { firstLine } from './findings.js'
import { valuesOf } from './pixels.js'

/** Images side by side in one picture, so that they share header and tables. */
interface Sheet {
  /** Images per row of the sheet. */
  readonly columns: number
  /** Height and width of a cell, in whole blocks of the codec. */
  readonly cell: readonly [number, number]
}

/** The layout of a sheet; it depends only on the number and shape of the images. */
function sheetOf(count: number, [height, width, channels]: ImageShape): Sheet {
  const block = channels === 3 ? 16 : 8 // color channels have half the resolution
  const whole = (length: number) => Math.ceil(length / block) * block
  return { columns: Math.ceil(Math.sqrt(count)), cell: [whole(height), whole(width)] }
}

/** Pairs of indices in the sheet and in an image; the rest of its cell repeats its last row and column. */
function* places({ columns, cell }: Sheet, index: number, [height, width]: ImageShape): Generator<[number, number]> {
  const [top, left] = [Math.floor(index / columns) * cell[0], (index % columns) * cell[1]]
  for (let y = 0; y < cell[0]; y++)
    for (let x = 0; x < cell[1]; x++)
      yield [(top + y) * columns * cell[1] + left + x, Math.min(y, height - 1) * width + Math.min(x, width - 1)]
}

/**
 * Images as one JPEG file: bytes `[images × height × width × channels]`, of 1 or 3 channels.
 *
 * @param quality 1 … 100
 * @throws HabaError for other numbers of channels
 */
export async function toJpegSheet(pixels: Uint8Array, image: ImageShape, quality: number): Promise<Uint8Array> {
  const channels = image[2]
  if (channels !== 1 && channels !== 3)
    throw new HabaError('JPEG', 'images of 1 or 3 channels', `${channels}`, 'Store them as bytes.')
  const { default: sharp } = await import('sharp')
  const size = valuesOf(image)
  const count = pixels.length / size
  const sheet = sheetOf(count, image)
  const [height, width] = [Math.ceil(count / sheet.columns) * sheet.cell[0], sheet.columns * sheet.cell[1]]
  const raw = new Uint8Array(height * width * channels)
  for (let i = 0; i < count; i++)
    for (const [to, from] of places(sheet, i, image))
      for (let c = 0; c < channels; c++) raw[to * channels + c] = pixels[i * size + from * channels + c]!
  const file = sharp(raw, { raw: { height, width, channels } }).jpeg({ quality, mozjpeg: true })
  return new Uint8Array(await (channels === 1 ? file.toColorspace('b-w') : file).toBuffer())
}

/**
 * The images of a file that `toJpegSheet` wrote: bytes `[count × height × width × channels]`.
 *
 * @param name of the file, for errors @default 'JPEG'
 * @throws HabaError if it is damaged, or its size does not match the number of images
 */
export async function fromJpegSheet(
  file: Uint8Array,
  count: number,
  image: ImageShape,
  name = 'JPEG',
): Promise<Uint8Array> {
  const { default: sharp } = await import('sharp')
  const channels = image[2]
  const sheet = sheetOf(count, image)
  const [wide, high] = [sheet.columns * sheet.cell[1], Math.ceil(count / sheet.columns) * sheet.cell[0]]
  const fail = (got: string, cause?: unknown) =>
    new HabaError(name, `a JPEG of ${wide}×${high} with ${count} images`, got, 'Write it again.', { cause })
  const decode = async () => {
    const { width, height } = await sharp(file).metadata()
    if (width !== wide || height !== high) throw fail(`${width}×${height}`)
    const opened = sharp(file).toColorspace(channels === 3 ? 'srgb' : 'b-w')
    return await opened.raw({ depth: 'uchar' }).toBuffer()
  }
  const raw = await decode().catch((cause: unknown) => {
    throw HabaError.is(cause) ? cause : fail(firstLine(cause), cause)
  })
  if (raw.length !== wide * high * channels) throw fail(`${raw.length / (wide * high)} channels`)
  const [size, width] = [valuesOf(image), image[1]]
  const pixels = new Uint8Array(count * size)
  for (let i = 0; i < count; i++)
    for (let at = 0; at < image[0] * width; at++) {
      const [y, x] = [Math.floor(at / width), at % width]
      const row = Math.floor(i / sheet.columns) * sheet.cell[0] + y
      const from = row * sheet.columns * sheet.cell[1] + (i % sheet.columns) * sheet.cell[1] + x
      for (let c = 0; c < channels; c++) pixels[i * size + at * channels + c] = raw[from * channels + c]!
    }
  return pixels
}
