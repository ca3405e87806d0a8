import { join } from 'node:path'
import { HabaError, type Dataset, type Preprocessing } from '@haba/core'
import { imageNetConstants } from './constants.js'
import type { ImageNetSubset } from './imagenet-subsets.js'
import { lazyImages, type LazyOptions } from './lazy-images.js'
import { listImages } from './list-images.js'
import { bilinear, type Resize } from './resize.js'
import { standardize } from './standardize.js'

/** Options of `imageNet`. */
export interface ImageNetOptions extends LazyOptions {
  /** Contains `train/<WordNet id>/*` and `val/<WordNet id>/*`. */
  readonly folder: string
  /** Ten classes, such as `imagenette`; other folders are ignored. @default all folders, in the order of their ids */
  readonly subset?: ImageNetSubset
  /** Resizes every image to this, ignoring proportions. @default [128, 128] */
  readonly size?: readonly [height: number, width: number]
  /** `bilinear` gives the published images; `smooth` has antialiasing. @default bilinear */
  readonly resize?: Resize
  /** A fitted preprocessing, because images are read batch by batch. @default standardize(imageNetConstants) */
  readonly preprocessing?: Preprocessing
}

/**
 * ImageNet, or some of its classes, `[128, 128, 3]` by default. Images stay on disk and are decoded and resized on demand. EXIF
 * orientation is ignored, as in the published codes.
 *
 * @example await imageNet({ folder: 'imagenet', subset: imagewoof })
 */
export async function imageNet({
  folder,
  subset,
  size = [128, 128],
  resize = bilinear,
  preprocessing = standardize(imageNetConstants),
  cacheBytes = 2 ** 30,
}: ImageNetOptions): Promise<Dataset> {
  if (!size.every((length) => Number.isInteger(length) && length > 0))
    throw new HabaError('imageNet', 'size [height, width] in pixels', `[${size}]`, 'Use positive whole numbers.')
  const common = subset ? { othersToo: true } : {}
  const wnids = subset?.classes.map(({ wnid }) => wnid)
  const train = await listImages({
    ...common,
    folder: join(folder, 'train'),
    every: true,
    ...(wnids && { classNames: wnids }),
  })
  const test = await listImages({ ...common, folder: join(folder, 'val'), classNames: train.classNames })
  return lazyImages({
    name: subset?.name ?? 'imagenet',
    classNames: subset?.classes.map(({ name }) => name) ?? train.classNames,
    train,
    test,
    image: [...size, 3],
    decoding: { size, resize, channels: 3, orient: false },
    preprocessing,
    cacheBytes,
  })
}
