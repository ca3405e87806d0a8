import type { ImageShape } from '@haba/core'
import type { Metadata, Sharp } from 'sharp'
import { findingOf, overBackground, type Color, type Finding } from './alpha.js'
import { colorOfCmyk, colorOfGray, grayOf, scaled } from './colors.js'
import { smooth, type Resize } from './resize.js'

/** Raised when files decode to other pixels than before, to invalidate caches. */
export const decodingVersion = 2

/** How image files become pixels. */
export interface Decoding {
  /** Resizes to this, ignoring proportions. @default images keep their size */
  readonly size?: readonly [height: number, width: number] | undefined
  /** 3: sRGB, with gray repeated; 1: gray by ITU-R 601, as `convert('L')` of PIL. */
  readonly channels: 1 | 3
  /** @default the decoder's: bilinear with antialiasing */
  readonly resize?: Resize
  /** Whether to apply the EXIF orientation. @default true */
  readonly orient?: boolean | undefined
  /** Background under transparent images, `0 … 255`. @default white */
  readonly background?: Color | undefined
  /** The values of black and white in images with more than 8 bits. @default [0, 65535], or [0, 1] for floats */
  readonly range?: readonly [black: number, white: number] | undefined
}

/** The decoded pixels of a file. */
export interface Decoded {
  readonly data: Uint8Array
  readonly image: ImageShape
  /** Why the picture may not look as intended. */
  readonly finding?: Finding | undefined
}

/** Pixels of one, two (gray and alpha), three or four channels. */
interface Read {
  readonly data: Uint8Array
  readonly width: number
  readonly height: number
  readonly channels: number
  readonly finding?: Finding | undefined
}

const white: Color = [255, 255, 255]
const views = { char: Int8Array, ushort: Uint16Array, uint: Uint32Array, int: Int32Array, float: Float32Array } as const
const isBmp = (file: Uint8Array) => file[0] === 0x42 && file[1] === 0x4d

/**
 * A function from the bytes of an image file to pixels. The README has a table of the treatment of each kind of file. The
 * function throws an Error with a short description of what is wrong with the file.
 */
export async function decoder(decoding: Decoding): Promise<(file: Uint8Array) => Promise<Decoded>> {
  const { default: sharp } = await import('sharp') // imported here, so that arrays and MNIST need no decoder
  const { size, channels, resize, orient = true, background = white } = decoding
  return async (file) => {
    if (file.length === 0) throw new Error('is empty')
    const { data, width, height, finding, ...read } = isBmp(file)
      ? await readBmp(file)
      : // Some intact files of ImageNet cause warnings.
        await readFile(file, () => sharp(file, { failOn: 'error' }), { ...decoding, orient })
    const transparent = read.channels % 2 === 0
    const opaque = transparent ? overBackground(data, read.channels, background) : data
    const colors = opaque.length === height * width ? colorOfGray(opaque) : opaque
    const seen = finding ?? (transparent ? findingOf(data, read.channels, opaque) : undefined)
    const whole: ImageShape = [height, width, 3]
    const resized = size && (height !== size[0] || width !== size[1])
    const image: ImageShape = [...(size ?? [height, width]), channels]
    const sized = resized ? await (resize ?? smooth)(colors, whole, size) : colors
    return { data: channels === 1 ? grayOf(sized) : sized, image, ...(seen && { finding: seen }) }
  }
}

/** Limits of an image's pixels: bytes, and multiples of its file's size. More is a decompression bomb. */
const LARGEST = 2 ** 26
const MOST_TIMES = 4096

/** @throws Error for an image above the limits */
function checkSize(file: Uint8Array, width: number, height: number, channels: number): void {
  if (!(width * height * channels <= Math.max(LARGEST, MOST_TIMES * file.length)))
    throw new Error(`claims to be ${height}×${width} in ${file.length} bytes`)
}

async function readFile(file: Uint8Array, open: () => Sharp, decoding: Decoding): Promise<Read> {
  const metadata = await open()
    .metadata()
    .catch((cause: Error) => {
      throw notRead(cause)
    })
  const { space, depth, channels, hasAlpha } = metadata
  if (!(
    (channels === 4 && (hasAlpha || space === 'cmyk')) ||
    (channels === 2 && hasAlpha) ||
    channels === 1 ||
    channels === 3
  ))
    throw new Error(`has ${channels} channels`)
  checkSize(file, metadata.width, metadata.height, channels)
  // Rotate only if needed, because rotation disables the decoder's fast downscaling.
  const turned = () => (decoding.orient && (metadata.orientation ?? 1) > 1 ? open().autoOrient() : open())
  if (space === 'cmyk' && depth === 'uchar') {
    const read = await rawOf(turned().pipelineColorspace('cmyk').toColorspace('cmyk'), 'uchar')
    return { ...read, data: colorOfCmyk(read.data), channels: 3 }
  }
  if (depth === 'uchar' || (depth === 'ushort' && !decoding.range && !hasAlpha))
    return readBytes(turned(), metadata, decoding)
  return readDeep(turned(), metadata, decoding)
}

/** Translates the decoder's message. */
function notRead(cause: Error): Error {
  const text = cause.message.trim().split('\n')[0]!
  if (text.includes('unsupported image format'))
    return new Error('is not an image, or its format is not supported', { cause })
  if (text.includes('samples out of range'))
    return new Error('has values of an unsupported type, such as 64-bit floats', { cause })
  return cause
}

/** Reads formats that the decoder itself converts to sRGB bytes and resizes. */
async function readBytes(opened: Sharp, { depth, hasAlpha }: Metadata, { size, resize }: Decoding): Promise<Read> {
  const sized =
    size && !resize && !hasAlpha
      ? opened.resize({ height: size[0], width: size[1], fit: 'fill', kernel: 'linear' })
      : opened
  const read = await rawOf(sized.toColorspace('srgb'), 'uchar')
  return depth === 'ushort' && isDim(read.data) ? { ...read, finding: 'dim' } : read
}

/** Reads images with more than 8 bits, whose values the decoder must not change. */
async function readDeep(
  opened: Sharp,
  { space, depth, bitsPerSample, hasAlpha }: Metadata,
  { range }: Decoding,
): Promise<Read> {
  const halves = depth === 'float' && bitsPerSample === 16
  if (space === 'cmyk' || !(depth in views) || halves)
    throw new Error(`has values of an unsupported type (${halves ? 'half' : depth}, ${space})`)
  if (depth !== 'float' && depth !== 'ushort' && !range)
    throw new Error(`has values of type ${depth}: set \`range\` to the values of black and white`)
  const kept = opened.pipelineColorspace(space).toColorspace(space)
  const { data, ...read } = await rawOf(kept, depth as keyof typeof views)
  const length = data.byteLength / views[depth as keyof typeof views].BYTES_PER_ELEMENT
  const values = new views[depth as keyof typeof views](data.buffer as ArrayBuffer, data.byteOffset, length)
  const bytes = scaled(values, { range, channels: read.channels, hasAlpha })
  return { ...read, data: bytes, ...(depth === 'ushort' && !range && isDim(bytes) && { finding: 'dim' }) }
}

async function rawOf(opened: Sharp, depth: 'uchar' | keyof typeof views): Promise<Read> {
  const { data, info } = await opened.raw({ depth }).toBuffer({ resolveWithObject: true })
  return { data, width: info.width, height: info.height, channels: info.channels }
}

/** Whether no 16-bit value is above 4095, as for 12 bits of a camera stored without scaling. */
const isDim = (bytes: Uint8Array) => {
  const most = bytes.reduce((a, b) => Math.max(a, b), 0)
  return most > 0 && most < 16
}

/** Reads a BMP. Its alpha counts only if the header has a mask for it. */
async function readBmp(file: Uint8Array): Promise<Read> {
  const { decode } = await import('@cwasm/nsbmp')
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength)
  if (file.length >= 26) checkSize(file, Math.abs(view.getInt32(18, true)), Math.abs(view.getInt32(22, true)), 4)
  const { data, width, height } = decoded(() => decode(file))
  const pixels = new Uint8Array(data)
  const isMasked = file[30] !== 0 // any compression but none
  if (!isMasked) for (let i = 3; i < pixels.length; i += 4) pixels[i] = 255
  return { data: pixels, width, height, channels: 4 }
}

function decoded<T>(decode: () => T): T {
  try {
    return decode()
  } catch (cause) {
    throw new Error('is a damaged BMP, or its compression is not supported', { cause })
  }
}
