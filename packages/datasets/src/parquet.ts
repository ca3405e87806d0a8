import { basename, resolve } from 'node:path'
import { checkArguments, HabaError, type Dataset } from '@haba/core'
import { fitArrays, numbersUpTo, type Split } from './arrays.js'
import { absentClasses, holdOut } from './hold-out.js'
import { identity } from './identity.js'
import { decodingOf, emitWarning, type ImageOptions } from './image-options.js'
import { openShard, type Columns, type Shard } from './parquet-shard.js'
import { parquetHalves } from './parquet-splits.js'
import { valuesOf } from './pixels.js'
import { readShards } from './read-shards.js'

/** Options of `parquet`: `folder`, or `train` and `test`. */
export interface ParquetOptions extends ImageOptions {
  /** Contains files whose names start with those of the splits, or folders with such names. */
  readonly folder?: string
  /** Prefix of files or folders of the training half. @default 'train' */
  readonly trainSplit?: string
  /** Prefix of files or folders of the test half. @default 'test', else 'val' */
  readonly testSplit?: string
  /** The files of the training half, in order. @default those of `folder` */
  readonly train?: readonly string[]
  /** The files of the test half, in order. @default those of `folder` */
  readonly test?: readonly string[]
  /** Name of the data set in reports. @default the name of `folder` */
  readonly name?: string
  /** The column of images: `{ bytes, path }` as Hugging Face stores them, or the bytes of a file. @default 'image' */
  readonly imageColumn?: string
  /** The column of labels: integers, or names. @default 'label' */
  readonly labelColumn?: string
  /** In the order of the labels. @default those of the files; else the sorted names, or the numbers from 0 */
  readonly classNames?: readonly string[]
}

/**
 * Reads images from parquet files as Hugging Face hosts them, one or several per half. They are decoded into memory row group
 * by row group. If files list their classes in different orders, labels are matched by name.
 *
 * @example await parquet({ folder: 'birds', labelColumn: 'species', testSplit: 'validation' })
 */
export async function parquet(options: ParquetOptions): Promise<Dataset> {
  checkArguments('parquet', options, { folder: 'text?', train: 'list?', test: 'list?' })
  const { folder, name = folder ? basename(resolve(folder)) : 'parquet', preprocessing = identity() } = options
  const { imageColumn = 'image', labelColumn = 'label', skipCorrupt = false, testFraction, testSeed = 0 } = options
  const { onProgress, onFault, onWarning = emitWarning } = options
  const columns: Columns = { image: imageColumn, label: labelColumn }
  const decoding = decodingOf('parquet', options)
  const files = await parquetHalves(options)
  const opened = await openShards(files.train, columns)
  const stored = namesIn(opened)
  const trainShards = opened.map((shard) => byName(shard, stored))
  const testShards = (await openShards(files.test, columns)).map((shard) => byName(shard, stored))
  const common = { decoding, skipCorrupt, onProgress, onFault }
  const train = await readShards({ ...common, half: 'train', shards: trainShards })
  const { image } = train
  const test =
    testShards.length > 0 ? await readShards({ ...common, half: 'test', shards: testShards, image }) : undefined
  const classNames = options.classNames ?? stored ?? namesOf(train.labels, files.train[0]!)
  const split = ({ pixels, labels }: typeof train, half: string): Split => {
    const origin = `${name}, ${half}, column '${labelColumn}'`
    return { pixels, labels: labels.map((label) => numberOf(label, classNames, origin)), origin }
  }
  const whole = split(train, 'train')
  const held = { classes: classNames.length, size: valuesOf(image), fraction: testFraction!, seed: testSeed }
  const splits = test ? { train: whole, test: split(test, 'test') } : holdOut(whole, held)
  const warnings = [...train.warnings, ...(test?.warnings ?? []), ...absentClasses(splits, classNames)]
  for (const warning of warnings) onWarning(warning)
  return fitArrays({ name, image, classNames, ...splits, preprocessing, warnings })
}

/** Opens shards one by one, so that errors name the first bad one. */
async function openShards(files: readonly string[], columns: Columns): Promise<Shard[]> {
  const shards: Shard[] = []
  for (const file of files) shards.push(await openShard(file, columns))
  return shards
}

/** The class names of all files, in the order of the first file. */
function namesIn(shards: readonly Shard[]): readonly string[] | undefined {
  const names = shards.flatMap(({ classNames }) => classNames ?? [])
  const first = shards.find(({ classNames }) => classNames)?.classNames
  if (shards.every(({ classNames }) => !classNames || sameNames(classNames, first!))) return first
  return [...new Set(names)]
}

const sameNames = (a: readonly string[], b: readonly string[]) =>
  a.length === b.length && a.every((name, i) => name === b[i])

/** The same file with its labels as indices into `names`, if its own names are in another order. */
function byName(shard: Shard, names: readonly string[] | undefined): Shard {
  const { file, classNames } = shard
  if (!classNames || !names || sameNames(classNames, names)) return shard
  const numbers = classNames.map((name) => names.indexOf(name))
  const renumber = (label: string | number) => {
    const name = typeof label === 'number' ? classNames[label] : undefined
    if (name === undefined) return label
    const number = numbers[label as number]!
    if (number < 0)
      throw new HabaError(
        file,
        `classes of the training files (${names.length} of them)`,
        `also '${name}'`,
        'Choose other files.',
      )
    return number
  }
  return {
    ...shard,
    read: async (start, end) => (await shard.read(start, end)).map((row) => ({ ...row, label: renumber(row.label) })),
  }
}

function numberOf(label: string | number, classNames: readonly string[], origin: string): number {
  if (typeof label === 'number') return label
  const number = classNames.findIndex((name) => name.normalize() === label)
  if (number < 0)
    throw new HabaError(
      origin,
      `one of ${classNames.length} class names`,
      `'${label}'`,
      'List all of them in classNames.',
    )
  return number
}

/** The sorted names, or the numbers up to the highest. */
function namesOf(labels: readonly (string | number)[], file: string): readonly string[] {
  if (labels.every((label) => typeof label === 'string')) return [...new Set(labels)].sort()
  return numbersUpTo(labels.map(Number), file)
}
