import { join } from 'node:path'
import { HabaError, type Dataset, type ImageShape, type Preprocessing } from '@haba/core'
import { checkLabels, fitArrays, type Split } from './arrays.js'
import { channelsFirst } from './channels-first.js'
import { cifar10Constants } from './constants.js'
import { readBytes } from './idx.js'
import type { Fit } from './pixels.js'
import { standardise } from './standardise.js'

/** What `cifar10` takes. */
export interface Cifar10Options {
  /** Holds the published binary version: data_batch_1.bin … data_batch_5.bin, test_batch.bin, batches.meta.txt. */
  readonly folder: string
  /** @default standardise(cifar10Constants) */
  readonly preprocessing?: Preprocessing | Fit
}

/** What `cifar100` takes. */
export interface Cifar100Options {
  /** Holds the published binary version: train.bin, test.bin, fine_label_names.txt, coarse_label_names.txt. */
  readonly folder: string
  /** The 100 fine classes or the 20 coarse ones. @default 'fine' */
  readonly labels?: 'fine' | 'coarse'
  /**
   * All published code but DC's takes the constants of CIFAR10 for CIFAR100 too.
   *
   * @default standardise(cifar10Constants)
   */
  readonly preprocessing?: Preprocessing | Fit
}

const image: ImageShape = [32, 32, 3]
const pixelsInRecord = 3072
const todo = 'Unpack the published binary version ("for C programs") into this folder.'

/** CIFAR10: 50 000 training and 10 000 test images, `[32, 32, 3]`. */
export async function cifar10({
  folder,
  preprocessing = standardise(cifar10Constants),
}: Cifar10Options): Promise<Dataset> {
  const layout = { folder, labelBytes: 1, labelAt: 0, classes: 10 }
  const batches = [1, 2, 3, 4, 5].map((batch) => `data_batch_${batch}.bin`)
  return fitArrays({
    name: 'cifar10',
    image,
    classNames: await readNames(join(folder, 'batches.meta.txt'), 10),
    train: await readRecords({ ...layout, files: batches }),
    test: await readRecords({ ...layout, files: ['test_batch.bin'] }),
    preprocessing,
  })
}

/** CIFAR100: 50 000 training and 10 000 test images, `[32, 32, 3]`. */
export async function cifar100({
  folder,
  labels = 'fine',
  preprocessing = standardise(cifar10Constants),
}: Cifar100Options): Promise<Dataset> {
  const classes = labels === 'fine' ? 100 : 20
  const layout = { folder, labelBytes: 2, labelAt: labels === 'fine' ? 1 : 0, classes }
  return fitArrays({
    name: labels === 'fine' ? 'cifar100' : 'cifar100-coarse',
    image,
    classNames: await readNames(join(folder, `${labels}_label_names.txt`), classes),
    train: await readRecords({ ...layout, files: ['train.bin'] }),
    test: await readRecords({ ...layout, files: ['test.bin'] }),
    preprocessing,
  })
}

async function readNames(file: string, count: number): Promise<string[]> {
  const text = new TextDecoder().decode(await readBytes(file, todo))
  const names = text.split(/\r?\n/).filter((line) => line.trim() !== '')
  if (names.length !== count)
    throw new HabaError(file, `${count} class names, one a line`, `${names.length}`, 'Restore the published file.')
  return names
}

interface RecordsOptions {
  readonly folder: string
  readonly files: readonly string[]
  readonly labelBytes: number
  readonly labelAt: number
  readonly classes: number
}

/** Reads records of label bytes and 3072 pixels in the order `[channel, row, column]`. */
async function readRecords({ folder, files, labelBytes, labelAt, classes }: RecordsOptions): Promise<Split> {
  const record = labelBytes + pixelsInRecord
  const order = channelsFirst(image)
  const parts: { labels: Uint8Array; pixels: Uint8Array }[] = []
  for (const name of files) {
    const file = join(folder, name)
    const bytes = await readBytes(file, todo)
    const count = bytes.length / record
    if (count === 0 || !Number.isInteger(count))
      throw new HabaError(
        file,
        `records of ${record} bytes`,
        `${bytes.length} bytes, which is ${count.toFixed(3)} records`,
        'Fetch the file again: it is truncated, or belongs to another data set.',
      )
    const labels = Uint8Array.from({ length: count }, (_, row) => bytes[row * record + labelAt]!)
    checkLabels(labels, classes, file)
    const pixels = new Uint8Array(count * pixelsInRecord)
    for (let row = 0; row < count; row++)
      for (let i = 0; i < pixelsInRecord; i++)
        pixels[row * pixelsInRecord + order[i]!] = bytes[row * record + labelBytes + i]!
    parts.push({ labels, pixels })
  }
  return {
    labels: Buffer.concat(parts.map(({ labels }) => labels)),
    pixels: Buffer.concat(parts.map(({ pixels }) => pixels)),
  }
}
