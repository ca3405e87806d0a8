import { basename, join, resolve } from 'node:path'
import { HabaError, type Dataset, type ImageShape, type Preprocessing } from '@haba/core'
import { fitArrays } from './arrays.js'
import { readCache, writeCache } from './decoded-cache.js'
import { decodeImages, shapeOfFirst, type Decoding, type DecodingProgress } from './decode-images.js'
import { identity } from './identity.js'
import { fingerprint, listImages, type ImageFiles } from './list-images.js'
import type { Fit } from './pixels.js'

/** What `imageFolder` takes: `root`, or `train` and `test`. */
export interface ImageFolderOptions {
  /** Holds the folders `train` and `test`. */
  readonly root?: string
  /** Holds one folder a class. @default `root`/train */
  readonly train?: string
  /** Holds one folder a class, named as in `train`. @default `root`/test */
  readonly test?: string
  /** What reports call the data set. @default the name of `root` */
  readonly name?: string
  /** Resizes every image to this, without keeping proportions. @default all images must have one size already */
  readonly size?: readonly [height: number, width: number]
  /** 3: sRGB, grey images are repeated; 1: grey. @default 3 */
  readonly channels?: 1 | 3
  /** Which files are images, by path; those it refuses are passed over in silence. @default all but hidden files */
  readonly include?: (file: string) => boolean
  /** A file to keep decoded pixels in; it is written anew when the name or content of any image has changed. */
  readonly cache?: string
  /** Called after every 1000 images. */
  readonly onProgress?: (progress: DecodingProgress) => void
  /** @default identity() */
  readonly preprocessing?: Preprocessing | Fit
}

/**
 * PNG and JPEG images in folders by class, `train/<class>/*` and `test/<class>/*`; classes are the folder names, sorted.
 *
 * @example await imageFolder({ root: 'birds', size: [64, 64] })
 */
export async function imageFolder({
  root,
  train = root && join(root, 'train'),
  test = root && join(root, 'test'),
  name = root ? basename(resolve(root)) : 'images',
  size,
  channels = 3,
  include = () => true,
  cache,
  onProgress,
  preprocessing = identity(),
}: ImageFolderOptions): Promise<Dataset> {
  if (train === undefined || test === undefined)
    throw new HabaError('imageFolder', 'root, or train and test', 'neither', 'Say where the images are.')
  if (size && !size.every((length) => Number.isInteger(length) && length > 0))
    throw new HabaError('imageFolder', 'size [height, width] in pixels', `[${size}]`, 'Use positive whole numbers.')
  const trainFiles = await listImages({ folder: train, include })
  const testFiles = await listImages({ folder: test, include, classNames: trainFiles.classNames })
  const options = { trainFiles, testFiles, decoding: { size, channels }, onProgress }
  const { image, pixels } = cache === undefined ? await decodeHalves(options) : await decodeOnce(options, cache)
  return fitArrays({
    name,
    image,
    classNames: trainFiles.classNames,
    train: { pixels: pixels[0], labels: trainFiles.labels, origin: train },
    test: { pixels: pixels[1], labels: testFiles.labels, origin: test },
    preprocessing,
  })
}

interface Halves {
  readonly image: ImageShape
  readonly pixels: readonly [train: Uint8Array, test: Uint8Array]
}

interface DecodeHalvesOptions {
  readonly trainFiles: ImageFiles
  readonly testFiles: ImageFiles
  readonly decoding: Decoding
  readonly onProgress: ((progress: DecodingProgress) => void) | undefined
}

async function decodeHalves({ trainFiles, testFiles, decoding, onProgress }: DecodeHalvesOptions): Promise<Halves> {
  const image = await shapeOfFirst(trainFiles, decoding)
  const common = { image, decoding, onProgress }
  const train = await decodeImages({ ...common, half: 'train', list: trainFiles })
  return { image, pixels: [train, await decodeImages({ ...common, half: 'test', list: testFiles })] }
}

/** Decodes unless `file` holds the pixels of these very images. */
async function decodeOnce(options: DecodeHalvesOptions, file: string): Promise<Halves> {
  const print = await fingerprint([options.trainFiles, options.testFiles], options.decoding)
  const cached = await readCache(file, print)
  if (cached) return cached
  const halves = await decodeHalves(options)
  await writeCache(file, print, halves)
  return halves
}
