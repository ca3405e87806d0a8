import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { HabaError, type Dataset, type ImageShape, type Preprocessing } from '@haba/core'
import { LRUCache } from 'lru-cache'
import { decoder, type Decoding } from './decoder.js'
import { firstLine, sameShape } from './findings.js'
import { lazySource } from './lazy-source.js'
import type { ImageFiles } from './list-images.js'
import { valuesOf } from './pixels.js'

/** Options of loaders that leave images on disk. */
export interface LazyOptions {
  /**
   * Size of the cache of decoded pixels, in bytes; the least recently used are dropped first. 0 disables it; with the size of
   * the data set every file is decoded once.
   *
   * @default 2 ** 30
   */
  readonly cacheBytes?: number
}

interface LazyImages {
  readonly name: string
  readonly classNames: readonly string[]
  readonly train: ImageFiles
  readonly test: ImageFiles
  /** Required shape of every file's image. */
  readonly image: ImageShape
  readonly decoding: Decoding
  readonly preprocessing: Preprocessing
  readonly cacheBytes: number
}

/** A data set of image files that are decoded on demand. */
export async function lazyImages(options: LazyImages): Promise<Dataset> {
  const { name, image, classNames, train, test, decoding, preprocessing, cacheBytes } = options
  const who = `dataset '${name}'`
  if (!Number.isSafeInteger(cacheBytes) || cacheBytes < 0)
    throw new HabaError(who, 'cacheBytes of 0 or more', `${cacheBytes}`, 'It is the size of the cache of pixels.')
  for (const { folder, files } of [train, test])
    if (files.length === 0) throw new HabaError(folder, 'at least one image', 'none', 'Put the images here.')
  preprocessing.apply(new Float32Array(valuesOf(image)), image) // throws early if it does not fit the images
  const read = cached(await fileReader(image, decoding), cacheBytes)
  const source = ({ folder, files, labels }: ImageFiles, half: string) =>
    lazySource({
      origin: `${who}, ${half}`,
      image,
      classes: classNames.length,
      labels,
      preprocessing,
      read: (index) => read(join(folder, files[index]!)),
    })
  return {
    name,
    image,
    classes: classNames.length,
    classNames,
    preprocessing,
    train: source(train, 'train'),
    test: source(test, 'test'),
  }
}

type ReadFile = (file: string) => Promise<Uint8Array>

async function fileReader(image: ImageShape, decoding: Decoding): Promise<ReadFile> {
  const decode = await decoder(decoding)
  const fault = (file: string, got: string, cause?: unknown) =>
    new HabaError(file, `an image of ${image[0]}×${image[1]}`, got, 'Fetch it again, or remove it.', {
      cause,
    })
  return async (file) => {
    const decoded = await readFile(file)
      .then(decode)
      .catch((cause: unknown) => {
        throw fault(file, firstLine(cause), cause)
      })
    if (!sameShape(decoded.image, image)) throw fault(file, `${decoded.image[0]}×${decoded.image[1]}`)
    return decoded.data
  }
}

/** Caches up to so many bytes; concurrent requests for a file read it once. */
function cached(read: ReadFile, maxSize: number): ReadFile {
  if (maxSize === 0) return read
  const cache = new LRUCache<string, Uint8Array>({
    maxSize,
    sizeCalculation: ({ byteLength }) => byteLength,
    fetchMethod: read,
  })
  return async (file) => (await cache.fetch(file))!
}
