import { readFile, rename, writeFile } from 'node:fs/promises'
import { HabaError, type ImageShape } from '@haba/core'
import { valuesOf } from './pixels.js'

interface Halves {
  readonly image: ImageShape
  readonly pixels: readonly [train: Uint8Array, test: Uint8Array]
}

/** The first line of the file, as JSON; the pixels of both halves follow. */
interface Header {
  readonly format: 'haba decoded images 1'
  readonly fingerprint: string
  readonly image: ImageShape
  readonly counts: readonly [train: number, test: number]
}

/** The pixels in `file` if they bear this fingerprint; undefined where there is no file or another fingerprint. */
export async function readCache(file: string, fingerprint: string): Promise<Halves | undefined> {
  const bytes = await readFile(file).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined
    throw error
  })
  if (!bytes) return undefined
  const header = parseHeader(file, bytes.subarray(0, bytes.indexOf(10)).toString())
  if (header.fingerprint !== fingerprint) return undefined
  const [start, size] = [bytes.indexOf(10) + 1, valuesOf(header.image)]
  const middle = start + header.counts[0] * size
  const end = middle + header.counts[1] * size
  if (bytes.length !== end)
    throw new HabaError(file, `${end} bytes`, `${bytes.length}`, 'Delete this cache; it will be written anew.')
  return { image: header.image, pixels: [bytes.subarray(start, middle), bytes.subarray(middle)] }
}

function parseHeader(file: string, line: string): Header {
  try {
    const header = JSON.parse(line) as Header
    if (header.format === 'haba decoded images 1') return header
  } catch {
    // falls through: a file that is not a cache must never be overwritten
  }
  throw new HabaError(file, 'a cache of decoded images', 'another file', 'Name another cache file.')
}

/** Writes beside `file` and renames, so that a reader never meets half a file. */
export async function writeCache(file: string, fingerprint: string, { image, pixels }: Halves): Promise<void> {
  const counts: Header['counts'] = [pixels[0].length / valuesOf(image), pixels[1].length / valuesOf(image)]
  const header: Header = { format: 'haba decoded images 1', fingerprint, image, counts }
  const beside = `${file}.${process.pid}.part`
  await writeFile(beside, [Buffer.from(`${JSON.stringify(header)}\n`), ...pixels])
  await rename(beside, file)
}
