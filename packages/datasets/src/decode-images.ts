import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { HabaError, type ImageShape } from '@haba/core'
import { decoder, type Decoding } from './decoder.js'
import { eachAtOnce } from './each-at-once.js'
import { findingsOf, type Fault, type Settled } from './findings.js'
import type { ImageFiles } from './list-images.js'
import { roomFor, valuesOf } from './pixels.js'

/** Progress of decoding. */
export interface DecodingProgress {
  readonly half: 'train' | 'test'
  readonly done: number
  readonly total: number
}

/** Enough to keep the decoder's threads busy. */
export const filesAtOnce = 8

/** The shape of the first image that can be read. */
export async function shapeOfFirst({ folder, files }: ImageFiles, decoding: Decoding): Promise<ImageShape> {
  const decode = await decoder(decoding)
  for (const file of files) {
    const decoded = await readFile(join(folder, file))
      .then(decode)
      .catch(() => undefined)
    if (decoded) return decoded.image
  }
  throw new HabaError(folder, 'images', `${files.length} files, none of them readable`, 'Check them.')
}

interface DecodeOptions {
  readonly half: 'train' | 'test'
  readonly list: ImageFiles
  /** Required shape of every image. */
  readonly image: ImageShape
  readonly decoding: Decoding
  /** Whether unreadable files are skipped. */
  readonly skipCorrupt: boolean
  readonly onProgress?: ((progress: DecodingProgress) => void) | undefined
  readonly onFault?: ((fault: Fault) => void) | undefined
}

/** Decodes all files of a half into one array. Files that do not fit are counted, and the first few are named. */
export async function decodeImages({ list, image, onProgress, ...options }: DecodeOptions): Promise<Settled> {
  const { half, decoding } = options
  const { folder, files } = list
  const decode = await decoder(decoding)
  const size = valuesOf(image)
  const pixels = roomFor(files.length, image, folder)
  const whereOf = (i: number) => join(folder, files[i]!)
  const nameOf = (i: number) => files[i]!.replaceAll('\\', '/')
  const findings = findingsOf({ ...options, place: folder, count: files.length, whereOf, nameOf })
  let done = 0
  await eachAtOnce(files.length, filesAtOnce, async (i) => {
    try {
      const decoded = await decode(await readFile(whereOf(i)))
      if (findings.fits(i, decoded, image)) pixels.set(decoded.data, i * size)
    } catch (error) {
      findings.unreadable(i, error)
    }
    done++
    if (done % 1000 === 0 || done === files.length) onProgress?.({ half, done, total: files.length })
  })
  return findings.settle(pixels, image)
}
