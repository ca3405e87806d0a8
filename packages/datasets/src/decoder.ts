import type { ImageShape } from '@haba/core'
import type { Metadata, Sharp } from 'sharp'
import { findingOf, overBackground, type Color, type Finding } from './alpha.js'
import { colorOfCmyk, colorOfGray, grayOf, scaled } from './colors.js'
import { smooth, type Resize } from './resize.js'

/** Grows whenever the same file decodes to other pixels than before, so that caches of pixels notice. */
export const decodingVersion = 2

/** How image files become pixels. */
export interface Decoding {
  /** Resize to this, without keeping proportions. @default images keep their size */
  readonly size?: readonly [height: number, width: number] | undefined
  /** 3: sRGB, gray is repeated; 1: gray by ITU-R 601, as `convert('L')` of PIL. */
  readonly channels: 1 | 3
  /** @default the decoder's own: bilinear with antialiasing */
  readonly resize?: Resize
  /** Whether images are turned as their EXIF orientation says. @default true */
  readonly orient?: boolean | undefined
  /** Background under transparent images, `0 … 255`. @default white */
  readonly background?: Color | undefined
  /** The values that become black and white, of images with more than 8 bits. @default [0, 65535], or [0, 1] of floats */
  readonly range?: readonly [black: number, white: number] | undefined
}

/** Pixels as they came out of a file. */
export interface Decoded {
  readonly data: Uint8Array
  readonly image: ImageShape
  /** Why the picture may not be what its maker saw. */
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
 * A function from the bytes of an image file to pixels; the README has a table of what is done to each kind of file.
 * It throws an Error that says in a few words what is wrong with the file.
 */
export async function decoder(decoding: Decoding): Promise<(file: Uint8Array) => Promise<Decoded>> {
  const { default: sharp } = await import('sharp') // here, so that arrays and MNIST need no decoder
  const { size, channels, resize, orient = true, background = white } = decoding
  return async (file) => {
    if (file.length === 0) throw new Error('is empty')
    const { data, width, height, finding, ...read } = isBmp(file)
      ? await readBmp(file)
      : // Some files of ImageNet are whole but draw warnings.
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

/** Pixels of an image take so many bytes at most, or so many times its file: more is no picture but an attack. */
const LARGEST = 2 ** 26
const MOST_TIMES = 4096

/** @throws Error for an image whose pixels would take more than an image of its file may */
function checkSize(file: Uint8Array, width: number, height: number, channels: number): void {
  if (!(width * height * channels <= Math.max(LARGEST, MOST_TIMES * file.length)))
    throw new Error(`says that it is ${height}×${width}, in ${file.length} bytes`)
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
  // Nothing is turned that need not be: turning an image switches off the decoder's quick way to a small size.
  const turned = () => (decoding.orient && (metadata.orientation ?? 1) > 1 ? open().autoOrient() : open())
  if (space === 'cmyk' && depth === 'uchar') {
    const read = await rawOf(turned().pipelineColorspace('cmyk').toColorspace('cmyk'), 'uchar')
    return { ...read, data: colorOfCmyk(read.data), channels: 3 }
  }
  if (depth === 'uchar' || (depth === 'ushort' && !decoding.range && !hasAlpha))
    return readBytes(turned(), metadata, decoding)
  return readDeep(turned(), metadata, decoding)
}

/** The decoder's message, in words that say what the file is. */
function notRead(cause: Error): Error {
  const text = cause.message.trim().split('\n')[0]!
  if (text.includes('unsupported image format'))
    return new Error('is no image, or of a kind that is not read', { cause })
  if (text.includes('samples out of range'))
    return new Error('has values of a type that is not read, such as 64-bit floats', { cause })
  return cause
}

/** Formats that the decoder converts to sRGB bytes and resizes by itself. */
async function readBytes(opened: Sharp, { depth, hasAlpha }: Metadata, { size, resize }: Decoding): Promise<Read> {
  const sized =
    size && !resize && !hasAlpha
      ? opened.resize({ height: size[0], width: size[1], fit: 'fill', kernel: 'linear' })
      : opened
  const read = await rawOf(sized.toColorspace('srgb'), 'uchar')
  return depth === 'ushort' && isDim(read.data) ? { ...read, finding: 'dim' } : read
}

/** Images of more than 8 bits, whose values the decoder must leave as they are. */
async function readDeep(
  opened: Sharp,
  { space, depth, bitsPerSample, hasAlpha }: Metadata,
  { range }: Decoding,
): Promise<Read> {
  const halves = depth === 'float' && bitsPerSample === 16
  if (space === 'cmyk' || !(depth in views) || halves)
    throw new Error(`has values of a type that is not read (${halves ? 'half' : depth}, ${space})`)
  if (depth !== 'float' && depth !== 'ushort' && !range)
    throw new Error(`has values of type ${depth}: \`range\` says which are black and white`)
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

/** Whether no value of 16 bits was above 4095, as where a camera's 12 bits were stored as they are. */
const isDim = (bytes: Uint8Array) => {
  const most = bytes.reduce((a, b) => Math.max(a, b), 0)
  return most > 0 && most < 16
}

/** The alpha of a BMP counts only where its header has a mask for it. */
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
    throw new Error('is a BMP that is damaged, or compressed in a way that is not read', { cause })
  }
}
