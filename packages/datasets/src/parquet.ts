import { readdir } from 'node:fs/promises'
import { basename, join, resolve } from 'node:path'
import { HabaError, type Dataset, type Preprocessing } from '@haba/core'
import { fitArrays, type Split } from './arrays.js'
import type { DecodingProgress } from './decode-images.js'
import { identity } from './identity.js'
import { openShard, type Columns, type Shard } from './parquet-shard.js'
import type { Fit } from './pixels.js'
import { readShards } from './read-shards.js'

/** What `parquet` takes: `folder`, or `train` and `test`. */
export interface ParquetOptions {
  /** Holds files named `train…` and `test…` (or `val…`), or folders of such names with files in them. */
  readonly folder?: string
  /** The files of the training half, in order. @default those of `folder` */
  readonly train?: readonly string[]
  /** The files of the test half, in order. @default those of `folder` */
  readonly test?: readonly string[]
  /** What reports call the data set. @default the name of `folder` */
  readonly name?: string
  /** The column of images: `{ bytes, path }` as Hugging Face stores them, or the bytes of a file. @default 'image' */
  readonly imageColumn?: string
  /** The column of labels: whole numbers, or names. @default 'label' */
  readonly labelColumn?: string
  /** In the order of the labels. @default as the files say; else the names sorted, or the numbers from 0 */
  readonly classNames?: readonly string[]
  /** Resizes every image to this, without keeping proportions. @default all images must have one size already */
  readonly size?: readonly [height: number, width: number]
  /** 3: sRGB, grey images are repeated; 1: grey. @default 3 */
  readonly channels?: 1 | 3
  /** Called after every row group. */
  readonly onProgress?: (progress: DecodingProgress) => void
  /** @default identity() */
  readonly preprocessing?: Preprocessing | Fit
}

/**
 * Images in parquet files as Hugging Face hosts them, one or several a half; row group by row group, they are decoded
 * into memory.
 *
 * @example await parquet({ folder: 'birds', labelColumn: 'species' })
 */
export async function parquet({
  folder,
  name = folder ? basename(resolve(folder)) : 'parquet',
  imageColumn = 'image',
  labelColumn = 'label',
  size,
  channels = 3,
  onProgress,
  preprocessing = identity(),
  ...options
}: ParquetOptions): Promise<Dataset> {
  const columns: Columns = { image: imageColumn, label: labelColumn }
  const files = await halvesOf(options, folder)
  const trainShards = await openShards(files.train, columns)
  const testShards = await openShards(files.test, columns)
  const common = { decoding: { size, channels }, onProgress }
  const train = await readShards({ ...common, half: 'train', shards: trainShards })
  const { image } = train
  const test = await readShards({ ...common, half: 'test', shards: testShards, image })
  const classNames = options.classNames ?? trainShards[0]!.classNames ?? namesOf(train.labels)
  const split = ({ pixels, labels }: typeof train, half: string): Split => {
    const origin = `${name}, ${half}, column '${labelColumn}'`
    return { pixels, labels: labels.map((label) => numberOf(label, classNames, origin)), origin }
  }
  return fitArrays({ name, image, classNames, train: split(train, 'train'), test: split(test, 'test'), preprocessing })
}

/** One after the other, so that errors name the first that is wrong. */
async function openShards(files: readonly string[], columns: Columns): Promise<Shard[]> {
  const shards: Shard[] = []
  for (const file of files) shards.push(await openShard(file, columns))
  return shards
}

function numberOf(label: string | number, classNames: readonly string[], origin: string): number {
  if (typeof label === 'number') return label
  const number = classNames.indexOf(label)
  if (number < 0)
    throw new HabaError(
      origin,
      `one of ${classNames.length} class names`,
      `'${label}'`,
      'Give all of them in classNames.',
    )
  return number
}

/** Names sorted, or the numbers up to the highest. */
function namesOf(labels: readonly (string | number)[]): readonly string[] {
  if (labels.every((label) => typeof label === 'string')) return [...new Set(labels)].sort()
  const highest = labels.reduce<number>((most, label) => Math.max(most, Number(label)), 0)
  return Array.from({ length: highest + 1 }, (_, label) => `${label}`)
}

interface Halves {
  readonly train: readonly string[]
  readonly test: readonly string[]
}

async function halvesOf({ train, test }: Partial<Halves>, folder: string | undefined): Promise<Halves> {
  if (folder === undefined && (train === undefined || test === undefined))
    throw new HabaError('parquet', 'folder, or train and test', 'neither', 'Say where the files are.')
  const found = folder === undefined ? [] : await filesIn(folder)
  const named = (half: string) =>
    found.filter((file) => new RegExp(`(^|[\\\\/])${half}`).test(file)).map((file) => join(folder!, file))
  const tests = named('test')
  const halves = { train: train ?? named('train'), test: test ?? (tests.length > 0 ? tests : named('val')) }
  for (const [half, files] of Object.entries(halves))
    if (files.length === 0)
      throw new HabaError(
        folder ?? 'parquet',
        `files or folders named ${half}…`,
        `${found.length} parquet files, none of them so named`,
        `List them: { ${half}: ['….parquet'] }.`,
      )
  return halves
}

async function filesIn(folder: string): Promise<string[]> {
  const names = await readdir(folder, { recursive: true }).catch((cause: Error) => {
    throw new HabaError(folder, 'a folder of parquet files', cause.message, 'Check the path.', { cause })
  })
  return names.filter((file) => file.endsWith('.parquet')).sort()
}
