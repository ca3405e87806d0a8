import { HabaError, type Engine } from '@haba/core'
import type { ReadConfig } from '../config/read-config.js'
import { interruptible } from '../interruption.js'
import { selections, type SelectionName } from '../plugins/selections.js'
import type { Progress } from '../tell/progress.js'
import { budgetOf } from '../assemble/budget.js'
import { chooser, randomImages } from './chosen-images.js'
import { readManifest } from '../folder/draw-run.js'
import { jpegQuality } from './jpeg-quality.js'
import { keptIn } from '../folder/kept-choices.js'
import { checkRun, distilledParts, measuredParts } from '../folder/made-of.js'
import type { MeasuringJob } from './measuring.js'
import { keyFor, makeProtocol, openEngine, openParts, type Parts } from '../assemble/parts.js'
import type { RowId } from '../folder/result.js'
import { equalBytesText } from './run-rows.js'
import {
  limitNote,
  mostOf,
  storageOf,
  storeAsBytes,
  storeAsJpeg,
  type ChooseImages,
  type StoredImages,
} from './stored-images.js'

/** Kinds of real images that a set is compared with. */
export type BaselineName = 'random' | SelectionName

/** The usual ones in the field. */
export const usualBaselines: readonly BaselineName[] = ['random', 'herding', 'kCenter', 'kMeans']

/** One thing to train networks on, for the comparison. */
export interface Contender {
  readonly id: RowId
  readonly name: string
  readonly floats: number
  readonly bytes: number
  /** What limited the number of images, if not the bytes. */
  readonly note?: string
  /** What the network of a seed is trained on. */
  on(seed: number): MeasuringJob['on']
}

export interface BaselinesOptions {
  /** The run folder. */
  readonly folder: string
  readonly read: ReadConfig
  readonly names: readonly BaselineName[]
  /** Whether baselines were requested by name. Then impossible ones are an error; otherwise they are skipped. */
  readonly asked: boolean
  /** Seeds per kind of network. */
  readonly networks: number
  readonly progress: Progress
  readonly signal: AbortSignal
}

export interface Baselines {
  readonly contenders: readonly Contender[]
  /** What they have in common with the set; absent without baselines. */
  readonly caption?: string
}

/**
 * Chooses real images of as many bytes as a run's set, as uint8 and as JPEG. Random images are drawn for every seed. For the
 * others the run's network is trained once on all data, and the choice is kept in the folder.
 *
 * @throws HabaError if baselines were requested but the training images are not the run's, or too few fit
 */
export async function chooseBaselines(options: BaselinesOptions): Promise<Baselines> {
  const { read, names, asked, progress } = options
  if (names.length === 0) return { contenders: [] }
  const opened = await openEngine(read, progress.say)
  try {
    const parts = await openParts(read, opened.engine, progress.pulse, measuredParts)
    const { storage } = await readManifest(options.folder)
    try {
      if (read.run) checkRun(read.run, parts.made, distilledParts)
      // Refuse before anything is trained.
      const { image, classes, train } = parts.data
      budgetOf(storage.bytes, image, classes, { bytesPerValue: 1, most: mostOf(train) })
    } catch (error) {
      if (asked || !HabaError.is(error)) throw error
      const { source: who, expected, received: got } = error.facts
      progress.say(`Real images are skipped. ${who}: expected ${expected}, got ${got}.`)
      return { contenders: [] }
    }
    return await chosen(options, parts, opened.engine, storage.bytes)
  } finally {
    await opened.close()
  }
}

async function chosen(
  { folder, read, names, networks, progress, signal }: BaselinesOptions,
  parts: Parts,
  engine: Engine,
  bytes: number,
): Promise<Baselines> {
  const { data, key } = parts
  const { compare, evaluate } = read.config
  const choose = keptIn(folder, chooser(compare.selection, names.includes('forgetting')))
  // A learned step size belongs to the set.
  const protocol = await makeProtocol(
    parts,
    { ...evaluate, ...(evaluate.learningRate === 'learned' && { learningRate: 0.01 }) },
    0,
  )
  const measure = {
    parts,
    engine: interruptible(engine, signal, 'Nothing was written.'),
    protocol,
    networks: 1,
    progress,
  }
  const quality = await jpegQuality({ folder, measure, bytes, qualities: compare.qualities })
  const contenders: Contender[] = []
  for (const name of names) {
    const title = name === 'random' ? 'random' : selections[name].title
    const chosenFor =
      (seed: number): ChooseImages =>
      async (perClass) =>
        name === 'random'
          ? randomImages(data.train, perClass, keyFor(key, 'random'), seed)
          : await choose(name, perClass, measure)
    // Selections choose the same images for every seed.
    const each = async (store: (one: ChooseImages) => Promise<StoredImages | undefined>) =>
      Promise.all(
        Array.from({ length: name === 'random' ? networks : 1 }, async (_, seed) => await store(chosenFor(seed))),
      )
    const plain = await each((one) => storeAsBytes(data, bytes, one))
    const at = <T>(all: readonly T[], seed: number): T => all[Math.min(seed, all.length - 1)]!
    contenders.push({
      id: name,
      name: `${title} (uint8)`,
      ...noted(plain[0]!),
      ...storageOf(plain[0]!),
      on: (seed) => [...at(plain, seed)!.indices],
    })
    if (quality === undefined) continue
    const coded = await each((one) => storeAsJpeg(data, bytes, quality, one))
    if (coded.includes(undefined)) continue
    contenders.push({
      id: `${name}Jpeg`,
      name: `${title} (JPEG q=${quality})`,
      ...noted(coded[0]!),
      ...storageOf(coded[0]!),
      on: (seed) => ({ images: [...at(coded, seed)!.indices], quality }),
    })
  }
  return { contenders, caption: equalBytesText(bytes) }
}

const noted = (stored: StoredImages): Pick<Contender, 'note'> => {
  const note = limitNote(stored)
  return note === '' ? {} : { note }
}
