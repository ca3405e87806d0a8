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

/** The identity of one half of a data set. */
export interface Half {
  /** Images of each class, by its name. */
  readonly images: Readonly<Record<string, number>>
  /** Number of images that `content` covers. */
  readonly read: number
  /** SHA-256 of these images before preprocessing, as 64 hexadecimal digits. */
  readonly content: string
}

/** What a run, a set, experts or an evaluation were made of, by part. */
export interface MadeOf {
  /** Names in the order of the labels. */
  readonly classes: readonly string[]
  readonly image: ImageShape
  readonly train: Half
  readonly test: Half
  /** The validation split that the protocol holds out of the training images; absent if none. */
  readonly heldOut?: { readonly part: number; readonly seed: number }
  /** Kind and settings; the values of a ZCA are in `whitening`. */
  readonly preprocessing: { readonly name: string; readonly settings: Preprocessing['settings'] }
  /** SHA-256 of the mean and the matrix of a ZCA. */
  readonly whitening?: string
  readonly network: string
  readonly augmentation: string
  /** Recorded experts, if the objective reads some. */
  readonly experts?: { readonly count: number; readonly epochs: number; readonly identity?: string }
  /** The protocol of the measurements. */
  readonly protocol?: { readonly name: string; readonly version: unknown; readonly hash: string }
  /** SHA-256 of the part of the configuration that must not change. */
  readonly run?: string
}

/** What the run of a configuration is made of. */
export interface RunMadeOf {
  readonly folder: string
  /** All parts; for a run of an earlier version only those that its set records. */
  readonly made: Partial<MadeOf>
  /** Preprocessing of the set, or of the started run. */
  readonly preprocessing?: SavedPreprocessing
}

/** Parts that measurements of a set depend on, and parts that distillation and comparisons depend on. */
export const measuredParts = ['classes', 'image', 'test', 'preprocessing', 'whitening'] as const
export const distilledParts = [...measuredParts, 'train', 'heldOut', 'network', 'augmentation'] as const

/** Limits of the images and values that are read to identify a half; LEAST_IMAGES are read in any case. */
const MOST_IMAGES = 1000
const MOST_VALUES = 2 ** 22
const LEAST_IMAGES = 32
/** Images read at once. */
const BATCH = 64

/**
 * The identity of a half: the number of images of every class, and a hash of up to 1,000 images (at most 4 million values, but
 * at least 32 images), evenly spaced over the classes in order of their names. It does not depend on the order of labels.
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
    // Original bytes and bytes computed from floats have the same hash.
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

/** The identity of a data set. */
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

/** Hash of the images and their preprocessing: choices and measurements with another one are not valid. */
export const imagesHash = (made: MadeOf): string => {
  const hashed = asHashed(made)
  return canonicalHash(distilledParts.map((part) => hashed[part]))
}

/** Parts with the names of earlier versions, so that hashes in their files stay valid. */
export const asHashed = <Made extends Partial<MadeOf>>(made: Made): Made => ({
  ...made,
  ...(made.preprocessing && {
    preprocessing: { ...made.preprocessing, name: hashedPreprocessingName(made.preprocessing.name) },
  }),
})

/** Hash of everything that distillation starts from; checkpoints store it. */
export const distilledHash = (made: MadeOf): string => canonicalHash([imagesHash(made), made.experts, made.run])

/** The protocol as a part. */
export const protocolPart = ({ name, version, hash }: Described): Pick<MadeOf, 'protocol'> => ({
  protocol: { name: String(name), version, hash: String(hash) },
})

/** The data set relabeled in the order of `classes` if it has the same classes in another order; else unchanged. */
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

/** Compares parts. @throws HabaError with both sides if they differ */
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

/** The identity of a measurement of a run's set: images and protocol, as far as the run records them. */
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

/** Compares data with what a run was made of, as far as that is known. @throws HabaError with both sides if they differ */
export function checkRun({ folder, made }: RunMadeOf, got: MadeOf, parts: readonly (keyof MadeOf)[]): void {
  // A run of an earlier version records only some parts.
  const known = made.run === undefined ? parts.filter((part) => made[part] !== undefined) : parts
  const todo = 'Pass the data that it was made of with --data, or distill again from these.'
  checkParts(`run ${folder}: data`, made, got, known, todo)
}

/** The parts in a manifest's identity; undefined in manifests of earlier versions. */
export function madeOfIn(file: string, about: { readonly identity?: unknown }): MadeOf | undefined {
  const parts = readIdentity<MadeOf>(file, about.identity)?.parts
  const wrong = parts && checks.madeOf(parts)
  if (wrong)
    throw new HabaError(
      `identity in ${file}`,
      `${wrong.field} to be ${wrong.expected}`,
      wrong.got,
      'The file was changed after haba wrote it: copy it again from its origin.',
    )
  return (
    parts && {
      ...parts,
      preprocessing: { ...parts.preprocessing, name: preprocessingName(parts.preprocessing.name) },
    }
  )
}
