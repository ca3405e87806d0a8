import { readFile } from 'node:fs/promises'
import { Readable } from 'node:stream'
import { createGunzip } from 'node:zlib'
import { HabaError } from '@haba/core'
import { inflateInto } from './inflate-into.js'

/** The content of an IDX file of bytes. */
export interface Idx {
  /** The shape, outermost axis first. */
  readonly shape: readonly number[]
  /** Row-major. */
  readonly values: Uint8Array
}

/** Reads a file. @throws HabaError naming it if it cannot be read */
export async function readBytes(file: string, todo: string): Promise<Uint8Array> {
  try {
    return await readFile(file)
  } catch (cause) {
    throw new HabaError(file, 'a readable file', (cause as Error).message, todo, { cause })
  }
}

/**
 * Reads an IDX file of unsigned bytes, the format of MNIST and FashionMNIST, gzipped or not.
 *
 * @param file a path
 */
export async function readIdx(file: string): Promise<Idx> {
  const stored = await readBytes(file, 'Check the path.')
  const bytes = stored[0] === 0x1f && stored[1] === 0x8b ? await unzip(file, stored) : stored
  const announced = parseHeader(file, bytes)
  if (bytes.length !== announced?.length)
    throw new HabaError(
      file,
      announced ? `${announced.length} bytes for shape [${announced.shape}]` : 'a complete header',
      `${bytes.length}`,
      'Fetch the file again: it is truncated or damaged.',
    )
  const { shape, header } = announced
  return { shape, values: bytes.subarray(header) }
}

interface Header {
  readonly shape: readonly number[]
  /** In bytes. */
  readonly header: number
  /** Size of the whole file, in bytes. */
  readonly length: number
}

/** Parses the header from the first bytes; undefined if there are too few. */
function parseHeader(file: string, bytes: Uint8Array): Header | undefined {
  const rank = bytes[3] ?? 0
  if (bytes[0] !== 0 || bytes[1] !== 0 || bytes[2] !== 8 || rank === 0)
    throw new HabaError(
      file,
      'an IDX file of bytes, which starts with 00 00 08 and the number of axes',
      Array.from(bytes.subarray(0, 4), (byte) => byte.toString(16).padStart(2, '0')).join(' ') || 'an empty file',
      'Check that this is the published file, not a web page with an error.',
    )
  const header = 4 + 4 * rank
  if (bytes.length < header) return undefined
  const view = new DataView(bytes.buffer, bytes.byteOffset, header)
  const shape = Array.from({ length: rank }, (_, axis) => view.getUint32(4 + 4 * axis))
  return { shape, header, length: header + shape.reduce((product, length) => product * length, 1) }
}

async function unzip(file: string, stored: Uint8Array): Promise<Uint8Array> {
  try {
    return await inflateInto({
      source: Readable.from([stored]),
      stored: stored.length,
      inflater: createGunzip(),
      length: (first) => (first.length < 4 ? undefined : parseHeader(file, first)?.length),
    })
  } catch (cause) {
    if (HabaError.is(cause)) throw cause
    throw new HabaError(file, 'an intact gzip file', (cause as Error).message, 'Fetch it again: it is damaged.', {
      cause,
    })
  }
}
