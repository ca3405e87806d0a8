import { canonicalHash, checkedJson, drawSome, foldIn } from '@haba/core'
import { readCheckedJson, writeWhole } from '@haba/core/files'
import { describeProtocol, evaluateReal, subset } from '@haba/eval'
import { existsSync } from 'node:fs'
import { isDeepStrictEqual } from 'node:util'
import { randomImages } from './chosen-images.js'
import { optionsOf, type Measure } from './evaluate-rows.js'
import { checks } from '../folder/file-schemas.js'
import { imagesHash } from '../folder/made-of.js'
import { keyFor } from '../assemble/parts.js'
import { besideRun } from '../folder/packed.js'
import { FILES } from '../folder/run-folder.js'
import { storeAsJpeg } from './stored-images.js'

export interface JpegQualityOptions {
  /** The run folder, which keeps the choice. */
  readonly folder: string
  readonly measure: Measure
  /** Budget of the images. */
  readonly bytes: number
  /** Qualities to choose from; empty: no JPEG. */
  readonly qualities: readonly number[]
}

interface Kept {
  readonly bytes: number
  readonly qualities: readonly number[]
  /** One network each; null if not even one image per class fits. */
  readonly accuracies: readonly (number | null)[]
  /** Hash of the images and of the training; absent in files of earlier versions. */
  readonly by?: string
}

/** Earlier measurements of qualities. @throws HabaError naming the file if it is damaged */
export const readJpegQualities = (file: string): Promise<Kept> =>
  readCheckedJson<Kept>(file, { kind: 'JPEG qualities', check: checks.jpeg })

/** Training images on which qualities are compared. */
const JUDGES = 2000

/**
 * The JPEG quality at which random real images of so many bytes give the highest accuracy: many coarse images, or few fine
 * ones. One network is trained at each quality and tested on other training images. Undefined if not even one image per class
 * fits, or JPEG does not support the number of channels.
 */
export async function jpegQuality(options: JpegQualityOptions): Promise<number | undefined> {
  const { folder, measure, bytes, qualities } = options
  if (qualities.length === 0 || ![1, 3].includes(measure.parts.data.image[2])) return undefined
  const file = besideRun(folder, FILES.jpeg)
  const known = existsSync(file) ? await readJpegQualities(file) : undefined
  const by = canonicalHash([imagesHash(measure.parts.made), describeProtocol(measure.protocol)])
  if (known && known.bytes === bytes && isDeepStrictEqual(known.qualities, qualities) && (known.by ?? by) === by)
    return bestOf(known)
  const accuracies: (number | null)[] = []
  for (const quality of qualities) accuracies.push((await judged(options, quality)) ?? null)
  const kept: Kept = { bytes, qualities, accuracies, by }
  await writeWhole(file, `${checkedJson(kept)}\n`)
  return bestOf(kept)
}

async function judged({ measure, bytes, qualities }: JpegQualityOptions, quality: number): Promise<number | undefined> {
  const { parts, progress } = measure
  const { train } = parts.data
  const key = keyFor(parts.key, 'jpeg')
  const choose = async (perClass: readonly number[]) => randomImages(train, perClass, key, 0)
  const stored = await storeAsJpeg(parts.data, bytes, quality, choose)
  // A single quality needs no comparison.
  if (!stored || qualities.length === 1) return stored && 0
  const { source, indices } = stored
  const taken = new Set(indices)
  const rest = Int32Array.from([...train.labels.keys()].filter((index) => !taken.has(index)))
  const judges = rest.length > 0 ? drawSome(foldIn(key, 'judges'), rest, JUDGES) : indices
  const what = `random images as JPEG, quality ${quality}`
  const own = { ...optionsOf({ ...measure, networks: 1 }, what, indices.length), test: subset(train, judges) }
  const { mean } = await evaluateReal(source, own)
  progress.say(`${what}: ${indices.length} images, ${(100 * mean).toFixed(2)} % of other training images`)
  return mean
}

const bestOf = ({ qualities, accuracies }: Kept): number | undefined => {
  const most = Math.max(...accuracies.map((accuracy) => accuracy ?? -1))
  return most < 0 ? undefined : qualities[accuracies.indexOf(most)]
}
