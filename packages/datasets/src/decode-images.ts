import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { HabaError, type ImageShape } from '@haba/core'
import { eachAtOnce } from './each-at-once.js'
import type { ImageFiles } from './list-images.js'
import { valuesOf } from './pixels.js'
import type { Resize } from './resize.js'

/** How image files become pixels. */
export interface Decoding {
  /** Resize to this, without keeping proportions. */
  readonly size?: readonly [height: number, width: number] | undefined
  /** 3: sRGB, grey is repeated; 1: grey. Alpha is dropped. */
  readonly channels: 1 | 3
  /** @default the decoder's own: bilinear with antialiasing */
  readonly resize?: Resize
}

/** How far decoding has come. */
export interface DecodingProgress {
  readonly half: 'train' | 'test'
  readonly done: number
  readonly total: number
}

/** Pixels as they came out of a file. */
interface Decoded {
  readonly data: Uint8Array
  readonly image: ImageShape
}

/** Enough to keep the decoder's threads busy. */
export const filesAtOnce = 8
const mostNamed = 5

/** A function from the bytes of a PNG, JPEG or other image file to pixels. */
export async function decoder({ size, channels, resize }: Decoding): Promise<(file: Uint8Array) => Promise<Decoded>> {
  const { default: sharp } = await import('sharp') // here, so that arrays and MNIST need no decoder
  return async (file) => {
    // Some files of ImageNet are whole but draw warnings.
    const opened = sharp(file, { failOn: 'error' })
    const sized =
      size && !resize ? opened.resize({ height: size[0], width: size[1], fit: 'fill', kernel: 'linear' }) : opened
    const { data, info } = await sized
      .removeAlpha()
      .toColourspace(channels === 3 ? 'srgb' : 'b-w')
      .raw({ depth: 'uchar' })
      .toBuffer({ resolveWithObject: true })
    const pixels = info.channels === channels ? data : repeat(data, channels)
    const image: ImageShape = [info.height, info.width, channels]
    if (!size || !resize || sameShape(image, [...size, channels])) return { data: pixels, image }
    return { data: await resize(pixels, image, size), image: [...size, channels] }
  }
}

/** Whether two images have the same height, width and channels. */
export const sameShape = (a: ImageShape, b: ImageShape): boolean => a.every((length, axis) => length === b[axis])

const repeat = (grey: Uint8Array, channels: number) =>
  Uint8Array.from({ length: grey.length * channels }, (_, i) => grey[Math.floor(i / channels)]!)

/** The shape of the first image that can be read. */
export async function shapeOfFirst({ folder, files }: ImageFiles, decoding: Decoding): Promise<ImageShape> {
  const decode = await decoder(decoding)
  for (const file of files) {
    const decoded = await readFile(join(folder, file))
      .then(decode)
      .catch(() => undefined)
    if (decoded) return decoded.image
  }
  throw new HabaError(folder, 'PNG or JPEG images', `${files.length} files of which none can be read`, 'Check them.')
}

interface DecodeOptions {
  readonly half: 'train' | 'test'
  readonly list: ImageFiles
  readonly image: ImageShape
  readonly decoding: Decoding
  readonly onProgress?: ((progress: DecodingProgress) => void) | undefined
}

/** Decodes all files of a half into one array; those that do not fit are counted, and the first few named. */
export async function decodeImages({ half, list, image, decoding, onProgress }: DecodeOptions): Promise<Uint8Array> {
  const { folder, files } = list
  const decode = await decoder(decoding)
  const size = valuesOf(image)
  const pixels = new Uint8Array(files.length * size)
  const faults = new Map<number, string>()
  let done = 0
  await eachAtOnce(files.length, filesAtOnce, async (i) => {
    try {
      const decoded = await decode(await readFile(join(folder, files[i]!)))
      if (sameShape(decoded.image, image)) pixels.set(decoded.data, i * size)
      else faults.set(i, `is ${decoded.image[0]}×${decoded.image[1]}`)
    } catch (error) {
      faults.set(i, firstLine(error))
    }
    done++
    if (done % 1000 === 0 || done === files.length) onProgress?.({ half, done, total: files.length })
  })
  if (faults.size > 0) throw faultsError(list, image, faults)
  return pixels
}

/** What an error of the decoder says, in one line. */
export const firstLine = (error: unknown): string =>
  (error instanceof Error ? error.message : String(error)).trim().split('\n')[0]!

function faultsError({ folder, files }: ImageFiles, image: ImageShape, faults: ReadonlyMap<number, string>): HabaError {
  const named = [...faults.keys()]
    .sort((a, b) => a - b)
    .slice(0, mostNamed)
    .map((i) => `${join(folder, files[i]!)} (${faults.get(i)})`)
  return new HabaError(
    folder,
    `${files.length} PNG or JPEG images of ${image[0]}×${image[1]}`,
    `${faults.size} that are not: ${named.join('; ')}${faults.size > named.length ? '; …' : ''}`,
    'Mend or remove them; give `size` to bring all to one size, or `include` to choose files.',
  )
}
