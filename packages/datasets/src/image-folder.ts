import { basename, resolve } from 'node:path'
import { checkArguments, type Dataset, type ImageShape } from '@haba/core'
import { fitArrays, type Split } from './arrays.js'
import { readCache, writeCache } from './decoded-cache.js'
import { decodeImages, shapeOfFirst, type DecodingProgress } from './decode-images.js'
import type { Decoding } from './decoder.js'
import type { Fault, Settled } from './findings.js'
import { halfFolders } from './half-folders.js'
import { absentClasses, holdOut } from './hold-out.js'
import { identity } from './identity.js'
import { decodingOf, emitWarning, type ImageOptions } from './image-options.js'
import { fingerprint, listImages, type ImageFiles } from './list-images.js'
import { pathFilter, type Paths } from './path-filter.js'
import { valuesOf } from './pixels.js'

/** Options of `imageFolder`: `root`, or `train` and `test`. */
export interface ImageFolderOptions extends ImageOptions {
  /** Contains the folders `train` and `test` (or `val`); with `testFraction` only `train`, or the class folders. */
  readonly root?: string
  /** Contains one folder per class. @default `train` or `training` in `root` */
  readonly train?: string
  /** Contains one folder per class, named as in `train`. @default `test` or `testing` in `root`, else `val` or `validation` */
  readonly test?: string
  /** Name of the data set in reports. @default the name of `root` */
  readonly name?: string
  /**
   * Files to read: patterns such as `*.png`, matched with the path within `train` or `test`, or a function of the whole path.
   * Other files are ignored silently. @default all files except hidden ones
   */
  readonly include?: Paths
  /** Files or class folders to ignore: patterns such as `*.txt` or `unsorted`, or a function. @default none */
  readonly exclude?: Paths
  /** A file that caches decoded pixels; it is written again if the name or content of any image changes. */
  readonly cache?: string
}

/**
 * Reads images in folders by class, `train/<class>/*` and `test/<class>/*`; classes are the sorted folder names. Reads PNG,
 * JPEG, WebP, GIF, TIFF, AVIF, SVG and BMP; the README describes the treatment of each.
 *
 * @example await imageFolder({ root: 'birds', size: [64, 64] })
 * @example await imageFolder({ root: 'birds', testFraction: 0.2 }) // birds/owl/*, birds/wren/*
 */
export async function imageFolder(options: ImageFolderOptions): Promise<Dataset> {
  checkArguments('imageFolder', options, { root: 'text?', train: 'text?', test: 'text?' })
  const { root, name = root ? basename(resolve(root)) : 'images', preprocessing = identity() } = options
  const { onWarning = emitWarning, testFraction, testSeed = 0 } = options
  const decoding = decodingOf('imageFolder', options)
  const folders = await halfFolders(options)
  const filter = await pathFilter(options.include, options.exclude)
  const train = await listImages({ folder: folders.train, filter, excludes: true })
  const { classNames } = train
  const test = folders.test && (await listImages({ folder: folders.test, filter, excludes: true, classNames, hint }))
  const { image, halves } = await decodedHalves({ ...options, decoding, lists: test ? [train, test] : [train] })
  const [first, second] = halves.map(({ pixels, kept }, i): Split => {
    const { folder, labels } = i === 0 ? train : (test as ImageFiles)
    return { pixels, labels: kept.map((index) => labels[index]!), origin: folder }
  })
  const classes = classNames.length
  const splits = second
    ? { train: first!, test: second }
    : holdOut(first!, { classes, size: valuesOf(image), fraction: testFraction!, seed: testSeed })
  const warnings = [
    ...folders.warnings,
    ...halves.flatMap((half) => half.warnings),
    ...absentClasses(splits, classNames),
  ]
  for (const warning of warnings) onWarning(warning)
  return fitArrays({ name, image, classNames, ...splits, preprocessing, warnings })
}

const hint =
  'Sort the images into one folder per class, with equal names for training and test, or set `testFraction`, such as 0.2, to ' +
  'hold test images out of the training images.'

interface DecodeHalvesOptions {
  readonly lists: readonly ImageFiles[]
  readonly decoding: Decoding
  readonly skipCorrupt?: boolean
  readonly cache?: string
  readonly onProgress?: (progress: DecodingProgress) => void
  readonly onFault?: (fault: Fault) => void
}

interface Halves {
  readonly image: ImageShape
  readonly halves: readonly Settled[]
}

/** Decodes the images unless the cache has their pixels. */
async function decodedHalves({ cache, ...options }: DecodeHalvesOptions): Promise<Halves> {
  if (cache === undefined) return decodeHalves(options)
  const { lists, decoding, skipCorrupt = false } = options
  const print = await fingerprint(lists, { ...decoding, skipCorrupt })
  const cached = await readCache(cache, print)
  if (cached) return cached
  const decoded = await decodeHalves(options)
  await writeCache(cache, print, decoded)
  return decoded
}

async function decodeHalves({ lists, skipCorrupt = false, ...options }: DecodeHalvesOptions): Promise<Halves> {
  const image = await shapeOfFirst(lists[0]!, options.decoding)
  const halves: Settled[] = []
  for (const [i, list] of lists.entries())
    halves.push(await decodeImages({ ...options, half: i === 0 ? 'train' : 'test', list, image, skipCorrupt }))
  return { image, halves }
}
