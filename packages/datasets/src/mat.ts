import { createReadStream } from 'node:fs'
import { open, type FileHandle } from 'node:fs/promises'
import { createInflate } from 'node:zlib'
import { HabaError } from '@haba/core'
import { inflateInto } from './inflate-into.js'

/** A numeric array of a MATLAB file. */
export interface MatArray {
  /** The shape; the first axis varies fastest. */
  readonly shape: readonly number[]
  readonly values: Uint8Array | Float64Array
}

/** Types by their code in the file: bytes per number, and how to read one. Bytes are not copied. */
const readers: Readonly<Record<number, readonly [bytes: number, read: (view: DataView, at: number) => number]>> = {
  1: [1, (view, at) => view.getInt8(at)],
  2: [1, (view, at) => view.getUint8(at)],
  3: [2, (view, at) => view.getInt16(at, true)],
  4: [2, (view, at) => view.getUint16(at, true)],
  5: [4, (view, at) => view.getInt32(at, true)],
  6: [4, (view, at) => view.getUint32(at, true)],
  7: [4, (view, at) => view.getFloat32(at, true)],
  9: [8, (view, at) => view.getFloat64(at, true)],
  12: [8, (view, at) => exact(view.getBigInt64(at, true))],
  13: [8, (view, at) => exact(view.getBigUint64(at, true))],
}

function exact(value: bigint): number {
  if (!Number.isSafeInteger(Number(value))) throw new Error(`the whole number ${value}, which is above 2^53`)
  return Number(value)
}

const bytesCode = 2
const complexFlag = 8
const matrixCode = 14
const compressedCode = 15
const headerLength = 128

/**
 * Reads the real numeric arrays of a MATLAB 5 file (`save -v6` or `-v7`, little-endian), compressed or not; everything
 * else is ignored. Each is decompressed directly into its final array.
 *
 * @param file a path
 */
export async function readMat(file: string, todo = 'Check the path.'): Promise<ReadonlyMap<string, MatArray>> {
  const handle = await open(file).catch((cause: Error) => {
    throw new HabaError(file, 'a readable file', cause.message, todo, { cause })
  })
  try {
    return await readArrays(file, handle)
  } catch (cause) {
    if (HabaError.is(cause)) throw cause
    throw new HabaError(file, 'an intact MATLAB 5 file', (cause as Error).message, 'Fetch it again: it is damaged.', {
      cause,
    })
  } finally {
    await handle.close()
  }
}

async function readArrays(file: string, handle: FileHandle): Promise<ReadonlyMap<string, MatArray>> {
  const { size } = await handle.stat()
  const header = await bytesAt(handle, 0, Math.min(size, headerLength))
  const mark = header.subarray(124).toString('latin1')
  if (mark !== '\u0000\u0001IM')
    throw new HabaError(
      file,
      'a little-endian MATLAB 5 file',
      header.length < headerLength
        ? `${size} bytes`
        : `one that starts with '${header.subarray(0, 20).toString('latin1')}'`,
      'Check that this is the published file; version 7.3 (HDF5) is not supported.',
    )
  const arrays = new Map<string, MatArray>()
  for (let at = headerLength; at < size;) {
    const tag = await bytesAt(handle, at, 8)
    const [code, length] = [tag.readUInt32LE(0), tag.readUInt32LE(4)]
    const start = at + 8
    if (start + length > size) throw new Error(`${size} bytes, where an array needs ${start + length}`)
    const named =
      code === compressedCode
        ? matrix(await inflated(file, start, start + length - 1))
        : code === matrixCode
          ? matrix(await bytesAt(handle, start, length))
          : undefined
    if (named) arrays.set(named.name, named)
    at = start + length
  }
  return arrays
}

async function bytesAt(handle: FileHandle, position: number, length: number): Promise<Buffer> {
  const { bytesRead, buffer } = await handle.read(Buffer.alloc(length), 0, length, position)
  if (bytesRead < length) throw new Error(`${position + bytesRead} bytes`)
  return buffer
}

/** The content of a compressed element: one matrix with its tag. */
async function inflated(file: string, start: number, end: number): Promise<Uint8Array> {
  const whole = await inflateInto({
    source: createReadStream(file, { start, end }),
    stored: end + 1 - start,
    inflater: createInflate(),
    length: (first) => (first.length < 8 ? undefined : 8 + first.readUInt32LE(4)),
  })
  return whole.subarray(8)
}

/** Parses flags, shape, name and numbers; undefined for anything but real numeric arrays. */
function matrix(bytes: Uint8Array): (MatArray & { readonly name: string }) | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  const [flags, afterFlags] = part(bytes, view, 0)
  const kind = flags.bytes[0]!
  const isComplex = (flags.bytes[1]! & complexFlag) !== 0
  if (kind < 6 || kind > 15 || isComplex) return undefined // cells, structures, text and sparse matrices
  const [dimensions, afterDimensions] = part(bytes, view, afterFlags)
  const [name, afterName] = part(bytes, view, afterDimensions)
  const [numbers] = part(bytes, view, afterName)
  const reader = readers[numbers.code]
  if (!reader) return undefined
  const values =
    numbers.code === bytesCode ? numbers.bytes : Float64Array.from(numbersOf(numbers.bytes, reader[0], reader[1]))
  const shape = [...numbersOf(dimensions.bytes, 4, (at, i) => at.getInt32(i, true))]
  const expected = shape.reduce((product, length) => product * length, 1)
  const text = new TextDecoder().decode(name.bytes)
  if (values.length !== expected || shape.some((length) => length < 0))
    throw new Error(`${values.length} numbers in ${text}, which is [${shape}]`)
  return { name: text, shape, values }
}

interface Part {
  readonly code: number
  readonly bytes: Uint8Array
}

/** One part of a matrix, and the offset of the next. Up to four bytes are inside the tag. */
function part(bytes: Uint8Array, view: DataView, at: number): readonly [Part, number] {
  const word = view.getUint32(at, true)
  const small = word >>> 16
  const [code, length, start] =
    small > 0 ? [word & 0xffff, small, at + 4] : [word, view.getUint32(at + 4, true), at + 8]
  if (start + length > bytes.length) throw new Error(`${bytes.length} bytes, where a part needs ${start + length}`)
  return [
    { code, bytes: bytes.subarray(start, start + length) },
    small > 0 ? at + 8 : start + Math.ceil(length / 8) * 8,
  ]
}

function* numbersOf(bytes: Uint8Array, size: number, read: (view: DataView, at: number) => number): Generator<number> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  for (let at = 0; at + size <= bytes.length; at += size) yield read(view, at)
}
