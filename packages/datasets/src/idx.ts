import { readFile } from 'node:fs/promises'
import { promisify } from 'node:util'
import { gunzip } from 'node:zlib'
import { HabaError } from '@haba/core'

/** The content of an IDX file of bytes. */
export interface Idx {
  /** Lengths of the axes, outermost first. */
  readonly shape: readonly number[]
  /** Row-major. */
  readonly values: Uint8Array
}

/** Reads a file of any kind, or says which one is missing. */
export async function readBytes(file: string, todo: string): Promise<Uint8Array> {
  try {
    return await readFile(file)
  } catch (cause) {
    throw new HabaError(file, 'a readable file', (cause as Error).message, todo, { cause })
  }
}

/**
 * Reads an IDX file of unsigned bytes, the form MNIST and FashionMNIST are published in, gzipped or not.
 *
 * @param file a path
 */
export async function readIdx(file: string): Promise<Idx> {
  const stored = await readBytes(file, 'Check the path.')
  const bytes = stored[0] === 0x1f && stored[1] === 0x8b ? await unzip(file, stored) : stored
  const rank = bytes[3] ?? 0
  const header = 4 + 4 * rank
  if (bytes.length < header || bytes[0] !== 0 || bytes[1] !== 0 || bytes[2] !== 8 || rank === 0)
    throw new HabaError(
      file,
      'an IDX file of bytes, which begins with 00 00 08 and the number of axes',
      Array.from(bytes.subarray(0, 4), (byte) => byte.toString(16).padStart(2, '0')).join(' ') || 'an empty file',
      'Check that this is the published file and not, say, a page that says it was not found.',
    )
  const view = new DataView(bytes.buffer, bytes.byteOffset, header)
  const shape = Array.from({ length: rank }, (_, axis) => view.getUint32(4 + 4 * axis))
  const expected = header + shape.reduce((product, length) => product * length, 1)
  if (bytes.length !== expected)
    throw new HabaError(
      file,
      `${expected} bytes for shape [${shape}]`,
      `${bytes.length}`,
      'Fetch the file again: it is truncated or damaged.',
    )
  return { shape, values: bytes.subarray(header) }
}

async function unzip(file: string, stored: Uint8Array): Promise<Uint8Array> {
  try {
    return await promisify(gunzip)(stored)
  } catch (cause) {
    throw new HabaError(file, 'a whole gzip file', (cause as Error).message, 'Fetch it again: it is damaged.', {
      cause,
    })
  }
}
