import { readFile, rename, writeFile } from 'node:fs/promises'
import { HabaError, type ImageShape } from '@haba/core'
import { decodingVersion } from './decoder.js'
import type { Settled } from './findings.js'
import { valuesOf } from './pixels.js'

interface Halves {
  readonly image: ImageShape
  readonly halves: readonly Settled[]
}

/** Its number grows with what the header holds; that of the decoding, with what files decode to. */
const format = `haba decoded images 2, decoding ${decodingVersion}`
/** Of this version, and of all before. */
const anyFormat = /^haba decoded images \d/

/** The first line of the file, as JSON; the pixels of all halves follow. */
interface Header {
  readonly format: string
  readonly fingerprint: string
  readonly image: ImageShape
  readonly halves: readonly Omit<Settled, 'pixels'>[]
}

/** The pixels in `file` if they bear this fingerprint; undefined where there is no file, or one of other images or rules. */
export async function readCache(file: string, fingerprint: string): Promise<Halves | undefined> {
  const bytes = await readFile(file).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined
    throw error
  })
  if (!bytes) return undefined
  const header = parseHeader(file, bytes.subarray(0, bytes.indexOf(10)).toString())
  if (header.format !== format || header.fingerprint !== fingerprint) return undefined
  const size = valuesOf(header.image)
  let end = bytes.indexOf(10) + 1
  const halves = header.halves.map((half) => {
    const start = end
    end += half.kept.length * size
    return { ...half, pixels: bytes.subarray(start, end) }
  })
  if (bytes.length !== end)
    throw new HabaError(file, `${end} bytes`, `${bytes.length}`, 'Delete this cache; it will be written anew.')
  return { image: header.image, halves }
}

function parseHeader(file: string, line: string): Header {
  try {
    const header = JSON.parse(line) as Header
    if (anyFormat.test(header.format)) return header
  } catch {
    // falls through: a file that is not a cache must never be overwritten
  }
  throw new HabaError(file, 'a cache of decoded images', 'another file', 'Name another cache file.')
}

/** Writes beside `file` and renames, so that a reader never meets half a file. */
export async function writeCache(file: string, fingerprint: string, { image, halves }: Halves): Promise<void> {
  const header: Header = {
    format,
    fingerprint,
    image,
    halves: halves.map(({ kept, warnings }) => ({ kept, warnings })),
  }
  const beside = `${file}.${process.pid}.part`
  await writeFile(beside, [Buffer.from(`${JSON.stringify(header)}\n`), ...halves.map(({ pixels }) => pixels)])
  await rename(beside, file)
}
