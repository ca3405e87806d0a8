import {
  canonicalHash,
  differenceError,
  differences,
  disposeTree,
  HabaError,
  identify,
  indicesByClass,
  readIdentity,
  sizeOf,
  type Dataset,
  type Identity,
  type ImageShape,
  type Preprocessing,
  type RealSource,
} from '@haba/core'
import { isZca } from '@haba/datasets'
import { createHash } from 'node:crypto'
import { hashedPreprocessingName, preprocessingName } from '../config/old-names.js'
import { checks } from './file-schemas.js'
import type { Described } from '../tell/protocol-text.js'
import type { SavedPreprocessing } from './preprocessing-file.js'

/** One half of a data set, as it is recognized. */
export interface Half {
  /** Images of each class, by its name. */
  readonly images: Readonly<Record<string, number>>
  /** How many of them `content` is of. */
  readonly read: number
  /** SHA-256 of these images before preprocessing, as 64 hexadecimal digits. */
  readonly content: string
}

/** What a run, a set, experts or an evaluation were made of, part by part. */
export interface MadeOf {
  /** Names in the order of the labels. */
  readonly classes: readonly string[]
  readonly image: ImageShape
  readonly train: Half
  readonly test: Half
  /** What the protocol holds out of the training images to choose by; absent: nothing. */
  readonly heldOut?: { readonly part: number; readonly seed: number }
  /** Its kind and its numbers; those of a ZCA are in `whitening`. */
  readonly preprocessing: { readonly name: string; readonly settings: Preprocessing['settings'] }
  /** SHA-256 of the mean and the matrix of a ZCA. */
  readonly whitening?: string
  readonly network: string
  readonly augmentation: string
  /** Recorded trainings, where the objective reads some. */
  readonly experts?: { readonly count: number; readonly epochs: number; readonly identity?: string }
  /** What sets were measured under. */
  readonly protocol?: { readonly name: string; readonly version: unknown; readonly hash: string }
  /** SHA-256 of what a run is held to of its configuration. */
  readonly run?: string
}

/** What a configuration of a run folder belongs to. */
export interface RunMadeOf {
  readonly folder: string
  /** What is known of it: all parts, or of a run of an earlier version only what its set tells. */
  readonly made: Partial<MadeOf>
  /** Of the set, or of the run that has begun. */
  readonly preprocessing?: SavedPreprocessing
}

/** Parts that a set is measured with, and parts that it is distilled and compared from. */
export const measuredParts = ['classes', 'image', 'test', 'preprocessing', 'whitening'] as const
export const distilledParts = [...measuredParts, 'train', 'heldOut', 'network', 'augmentation'] as const

/** At most so many images of a half are read to recognize it, and so many values of them, but for the least. */
const MOST_IMAGES = 1000
const MOST_VALUES = 2 ** 22
const LEAST_IMAGES = 32
/** Images read at once. */
const BATCH = 64

/**
 * How a half is recognized: the number of images of every class, and up to 1,000 images (and 4 million values, but 32 images
 * at least), evenly spaced over the classes in the order of their names. Does not depend on the order of the labels.
 */
export async function halfOf(source: RealSource, classes: readonly string[], { invert }: Preprocessing): Promise<Half> {
  const members = indicesByClass(source.labels, source.classes)
  const byName = [...classes.keys()].sort((a, b) => (classes[a]! < classes[b]! ? -1 : 1))
  const all = byName.flatMap((label) => [...members[label]!])
  const most = Math.max(LEAST_IMAGES, Math.min(MOST_IMAGES, Math.floor(MOST_VALUES / sizeOf(source.image))))
  const count = Math.min(most, all.length)
  const chosen = Int32Array.from({ length: count }, (_, i) => all[Math.floor((i * all.length) / count)]!)
  const hash = createHash('sha256')
  for (let start = 0; start < count; start += BATCH) {
    const indices = chosen.subarray(start, start + BATCH)
    const pixels = (await source.pixels?.(indices)) ?? (await invertedPixels(source, indices, invert))
    // Bytes and what is computed back to bytes are hashed alike.
    const values = pixels instanceof Uint8Array ? Int32Array.from(pixels) : pixels
    hash.update(new Uint8Array(values.buffer, values.byteOffset, values.byteLength))
  }
  const images = Object.fromEntries(classes.map((name, label) => [name, members[label]!.length]))
  return { images, read: count, content: hash.digest('hex') }
}

async function invertedPixels(source: RealSource, indices: Int32Array, invert: Preprocessing['invert']) {
  const images = await source.images(indices)
  const pixels = invert(await images.data<'float32'>(), source.image)
  disposeTree(images)
  return Int32Array.from(pixels, (value) => Math.round(255 * value))
}

/** How a data set is recognized. */
export async function dataOf(data: Dataset): Promise<Pick<MadeOf, 'classes' | 'image' | 'train' | 'test'>> {
  const { classNames, image, train, test, preprocessing } = data
  return {
    classes: classNames,
    image,
    train: await halfOf(train, classNames, preprocessing),
    test: await halfOf(test, classNames, preprocessing),
  }
}

/** A preprocessing as a part. */
export const preprocessingOf = (preprocessing: Preprocessing): Pick<MadeOf, 'preprocessing' | 'whitening'> => ({
  preprocessing: { name: preprocessing.name, settings: preprocessing.settings },
  ...(isZca(preprocessing) && { whitening: hashOf(preprocessing.mean, preprocessing.transform) }),
})

function hashOf(...values: readonly Float32Array[]): string {
  const hash = createHash('sha256')
  for (const { buffer, byteOffset, byteLength } of values) hash.update(new Uint8Array(buffer, byteOffset, byteLength))
  return hash.digest('hex')
}

/** A hash of the images and of what sees them first: what is chosen or measured on others does not hold. */
export const imagesHash = (made: MadeOf): string => {
  const hashed = asHashed(made)
  return canonicalHash(distilledParts.map((part) => hashed[part]))
}

/** Parts as hashes are made of them: with the names of earlier versions, whose files hold such hashes. */
export const asHashed = <Made extends Partial<MadeOf>>(made: Made): Made => ({
  ...made,
  ...(made.preprocessing && {
    preprocessing: { ...made.preprocessing, name: hashedPreprocessingName(made.preprocessing.name) },
  }),
})

/** A hash of all that distillation began with: checkpoints belong to it. */
export const distilledHash = (made: MadeOf): string => canonicalHash([imagesHash(made), made.experts, made.run])

/** The protocol as a part. */
export const protocolPart = ({ name, version, hash }: Described): Pick<MadeOf, 'protocol'> => ({
  protocol: { name: String(name), version, hash: String(hash) },
})

/** A data set whose labels are those of `classes`, where it has the same classes in another order; else itself. */
export function inOrderOf(data: Dataset, classes: readonly string[]): Dataset {
  const place = data.classNames.map((name) => classes.indexOf(name))
  if (place.length !== classes.length || place.includes(-1) || place.every((to, from) => to === from)) return data
  const ordered = (source: RealSource): RealSource => ({
    image: source.image,
    classes: source.classes,
    labels: source.labels.map((label) => place[label]!),
    images: (indices) => source.images(indices),
    pixels: async (indices) => source.pixels?.(indices),
  })
  return { ...data, classNames: classes, train: ordered(data.train), test: ordered(data.test) }
}

/** Refuses what was made of other parts. @throws HabaError with both sides */
export function checkParts(
  who: string,
  expected: Partial<MadeOf>,
  got: Partial<MadeOf>,
  parts: readonly (keyof MadeOf)[],
  todo: string,
): void {
  const some = (of: Partial<MadeOf>) => Object.fromEntries(parts.map((part) => [part, of[part]]))
  const found = differences(some(expected), some(got))
  if (found.length > 0) throw differenceError(who, found, todo)
}

/** What was measured of the set of a run, as far as the run knows: with which images, and under which protocol. */
export function measuredOf(
  run: RunMadeOf | undefined,
  protocol: Described | undefined,
  parts: readonly (keyof MadeOf)[] = measuredParts,
): Identity<Partial<MadeOf>> {
  const known = [...parts, 'run' as const].filter((part) => run?.made[part] !== undefined)
  return identify({
    ...Object.fromEntries(known.map((part) => [part, run!.made[part]])),
    ...(protocol && protocolPart(protocol)),
  })
}

/** Holds data to what a run was made of, as far as that is known. @throws HabaError with both sides */
export function checkRun({ folder, made }: RunMadeOf, got: MadeOf, parts: readonly (keyof MadeOf)[]): void {
  // A run of an earlier version knows some parts only.
  const known = made.run === undefined ? parts.filter((part) => made[part] !== undefined) : parts
  const todo = 'Name the data that it was made of with --data, or distill again from these.'
  checkParts(`run ${folder}: data`, made, got, known, todo)
}

/** What a manifest says that its set was made of; undefined for those of earlier versions. */
export function madeOfIn(file: string, about: { readonly identity?: unknown }): MadeOf | undefined {
  const parts = readIdentity<MadeOf>(file, about.identity)?.parts
  const wrong = parts && checks.madeOf(parts)
  if (wrong)
    throw new HabaError(
      `identity in ${file}`,
      `${wrong.field} to be ${wrong.expected}`,
      wrong.got,
      'The file was changed after haba wrote it: take it from where it came from again.',
    )
  return (
    parts && {
      ...parts,
      preprocessing: { ...parts.preprocessing, name: preprocessingName(parts.preprocessing.name) },
    }
  )
}
