import { join } from 'node:path'
import { HabaError, type Dataset, type Preprocessing } from '@haba/core'
import { fitArrays, type Split } from './arrays.js'
import { svhnConstants } from './constants.js'
import { readMat } from './mat.js'
import { pixelsOf, type Fit, type Pixels } from './pixels.js'
import { folderOf, getTodo, publishedSets } from './published-sets.js'
import { standardize } from './standardize.js'

/** Options of `svhn`. */
export interface SvhnOptions {
  /** The folder of train_32x32.mat and test_32x32.mat. @default where `getPublished(publishedSets.svhn)` puts them */
  readonly folder?: string
  /** @default standardize(svhnConstants) */
  readonly preprocessing?: Preprocessing | Fit
}

/**
 * SVHN (cropped digits): 73 257 training and 26 032 test images, `[32, 32, 3]`; the digit 0 is class 0. Your own digits in
 * MATLAB 5 files of this form (`scipy.io.savemat`) may have labels of any type, and pixels as integers `0 … 255` or in
 * `[0, 1]`.
 */
export async function svhn({
  folder = folderOf(publishedSets.svhn),
  preprocessing = standardize(svhnConstants),
}: SvhnOptions = {}): Promise<Dataset> {
  return fitArrays({
    name: 'svhn',
    image: [32, 32, 3],
    classNames: Array.from({ length: 10 }, (_, digit) => `${digit}`),
    train: await readHalf(join(folder, 'train_32x32.mat')),
    test: await readHalf(join(folder, 'test_32x32.mat')),
    preprocessing,
  })
}

async function readHalf(file: string): Promise<Split> {
  const arrays = await readMat(file, getTodo(publishedSets.svhn))
  const [images, labels] = [arrays.get('X'), arrays.get('y')]
  const [height, width, channels, count = 1] = images?.shape ?? []
  if (!images || !labels)
    throw new HabaError(
      file,
      'arrays X (the images) and y (their digits)',
      [...arrays].map(([name, { shape }]) => `${name} of [${shape}]`).join(' and ') || 'no arrays',
      'Use the cropped digits (format 2), not the full numbers.',
    )
  if (height !== 32 || width !== 32 || channels !== 3)
    throw new HabaError(
      file,
      'X of shape [32, 32, 3, images]',
      `[${images.shape}]`,
      'Use the cropped digits (format 2), not the full numbers.',
    )
  const pixels = pixelsOf(images.values, `${file}, X`)
  toChannelsLast(pixels, count)
  // The files label the digit 0 as 10.
  return { pixels, labels: Array.from(labels.values, (label) => (label === 10 ? 0 : label)), origin: file }
}

/** Transposes images that are stored column by column, channel by channel, to rows of pixels, in place. */
function toChannelsLast(pixels: Pixels, count: number): void {
  const size = 32 * 32 * 3
  const before = new Float32Array(size)
  for (let n = 0; n < count; n++) {
    const image = pixels.subarray(n * size, (n + 1) * size)
    before.set(image)
    for (let c = 0; c < 3; c++)
      for (let x = 0; x < 32; x++)
        for (let y = 0; y < 32; y++) image[(y * 32 + x) * 3 + c] = before[c * 1024 + x * 32 + y]!
  }
}
