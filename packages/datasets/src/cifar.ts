import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { HabaError, type Dataset, type ImageShape, type Preprocessing } from '@haba/core'
import { checkLabels, fitArrays, type Split } from './arrays.js'
import { channelsFirst } from './channels-first.js'
import { cifar10Constants } from './constants.js'
import { readBytes } from './idx.js'
import type { Fit } from './pixels.js'
import { folderOf, getTodo, publishedSets, type PublishedSet } from './published-sets.js'
import { standardize } from './standardize.js'

/** Options of `cifar10`. */
export interface Cifar10Options {
  /** The folder of the published binary version: data_batch_1.bin … data_batch_5.bin, test_batch.bin, batches.meta.txt. @default where `getPublished(publishedSets.cifar10)` puts them */
  readonly folder?: string
  /** @default standardize(cifar10Constants) */
  readonly preprocessing?: Preprocessing | Fit
}

/** Options of `cifar100`. */
export interface Cifar100Options {
  /** The folder of the published binary version: train.bin, test.bin, fine_label_names.txt, coarse_label_names.txt. @default where `getPublished(publishedSets.cifar100)` puts them */
  readonly folder?: string
  /** The 100 fine classes or the 20 coarse ones. @default 'fine' */
  readonly labels?: 'fine' | 'coarse'
  /**
   * All published codes except DC's use the constants of CIFAR10 for CIFAR100, too.
   *
   * @default standardize(cifar10Constants)
   */
  readonly preprocessing?: Preprocessing | Fit
}

const image: ImageShape = [32, 32, 3]
const pixelsInRecord = 3072
const order = channelsFirst(image)
const before = new Uint8Array(pixelsInRecord)
const todoFor = (set: PublishedSet) => `It belongs to the binary version ("for C programs"). ${getTodo(set)}`

/** CIFAR10: 50 000 training and 10 000 test images, `[32, 32, 3]`. */
export async function cifar10({
  folder = folderOf(publishedSets.cifar10),
  preprocessing = standardize(cifar10Constants),
}: Cifar10Options = {}): Promise<Dataset> {
  const todo = todoFor(publishedSets.cifar10)
  const layout = { todo, folder, labelBytes: 1, labelAt: 0, classes: 10 }
  const batches = [1, 2, 3, 4, 5].map((batch) => `data_batch_${batch}.bin`)
  return fitArrays({
    name: 'cifar10',
    image,
    classNames: await readNames(join(folder, 'batches.meta.txt'), 10, todo),
    train: await readRecords({ ...layout, files: batches }),
    test: await readRecords({ ...layout, files: ['test_batch.bin'] }),
    preprocessing,
  })
}

/** CIFAR100: 50 000 training and 10 000 test images, `[32, 32, 3]`. */
export async function cifar100({
  folder = folderOf(publishedSets.cifar100),
  labels = 'fine',
  preprocessing = standardize(cifar10Constants),
}: Cifar100Options = {}): Promise<Dataset> {
  const todo = todoFor(publishedSets.cifar100)
  const classes = labels === 'fine' ? 100 : 20
  const layout = { todo, folder, labelBytes: 2, labelAt: labels === 'fine' ? 1 : 0, classes }
  return fitArrays({
    name: labels === 'fine' ? 'cifar100' : 'cifar100-coarse',
    image,
    classNames: await readNames(join(folder, `${labels}_label_names.txt`), classes, todo),
    train: await readRecords({ ...layout, files: ['train.bin'] }),
    test: await readRecords({ ...layout, files: ['test.bin'] }),
    preprocessing,
  })
}

async function readNames(file: string, count: number, todo: string): Promise<string[]> {
  const text = new TextDecoder().decode(await readBytes(file, todo))
  const names = text.split(/\r?\n/).filter((line) => line.trim() !== '')
  if (names.length !== count)
    throw new HabaError(file, `${count} class names, one per line`, `${names.length}`, 'Restore the published file.')
  return names
}

interface RecordsOptions {
  readonly folder: string
  readonly files: readonly string[]
  readonly labelBytes: number
  readonly labelAt: number
  readonly classes: number
  readonly todo: string
}

/**
 * Reads records of label bytes and 3072 pixels in the order `[channel, row, column]`. Files are read into one array, and their
 * pixels are compacted in place.
 */
async function readRecords({ folder, files, labelBytes, labelAt, classes, todo }: RecordsOptions): Promise<Split> {
  const record = labelBytes + pixelsInRecord
  const paths = files.map((name) => join(folder, name))
  const sizes = await Promise.all(paths.map((file) => recordsIn(file, record, todo)))
  const bytes = new Uint8Array(sizes.reduce((sum, count) => sum + count, 0) * record)
  const labels: number[] = []
  for (const [i, file] of paths.entries()) {
    const count = sizes[i]!
    const start = labels.length * pixelsInRecord
    await fill(file, bytes.subarray(start, start + count * record))
    const own = Uint8Array.from({ length: count }, (_, row) => bytes[start + row * record + labelAt]!)
    checkLabels(own, classes, file)
    for (let row = 0; row < count; row++)
      moveImage(bytes, start + row * record + labelBytes, start + row * pixelsInRecord)
    for (const label of own) labels.push(label)
  }
  return { labels, pixels: bytes.subarray(0, labels.length * pixelsInRecord) }
}

async function recordsIn(file: string, record: number, todo: string): Promise<number> {
  const { size } = await stat(file).catch((cause: Error) => {
    throw new HabaError(file, 'a readable file', cause.message, todo, { cause })
  })
  const count = size / record
  if (count === 0 || !Number.isInteger(count))
    throw new HabaError(
      file,
      `records of ${record} bytes`,
      `${size} bytes, which is ${count.toFixed(3)} records`,
      'Fetch the file again: it is truncated, or belongs to another data set.',
    )
  return count
}

/** Reads a file into an array of its size. */
async function fill(file: string, into: Uint8Array): Promise<void> {
  let at = 0
  for await (const chunk of createReadStream(file) as AsyncIterable<Buffer>) {
    into.set(chunk, at)
    at += chunk.length
  }
}

/** Moves one image and puts its channels last; the two places may overlap. */
function moveImage(bytes: Uint8Array, from: number, to: number): void {
  before.set(bytes.subarray(from, from + pixelsInRecord))
  for (let i = 0; i < pixelsInRecord; i++) bytes[to + order[i]!] = before[i]!
}
