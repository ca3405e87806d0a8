import {
  canonicalHash,
  foldIn,
  HabaError,
  labelBytes,
  namedLeaves,
  storageOf,
  withTensors,
  type Key,
  type RenderedSet,
} from '@haba/core'
import { expand } from '@haba/distill'
import { relabeled, selectionAsSet, spreadClasses } from '@haba/eval'
import { join } from 'node:path'
import type { CodecSettings } from '../config/config.js'
import type { Progress } from '../tell/progress.js'
import { budgetOf } from '../assemble/budget.js'
import { chooser, randomImages } from './chosen-images.js'
import { codecFor, laterOf } from '../assemble/coded-set.js'
import { distillInto } from '../folder/distill-into.js'
import type { Measure } from './evaluate-rows.js'
import { distilledHash } from '../folder/made-of.js'
import { asBytes, mostOf } from './stored-images.js'
import { wholeSpecOf } from '../assemble/spec.js'
import { makeSet } from '../assemble/make-set.js'
import { makeNetwork, type Parts } from '../assemble/parts.js'

export interface MemoriesOptions {
  /** The folder for the sets of the steps; finished ones are not distilled again. */
  readonly folder: string
  readonly parts: Parts
  readonly measure: Measure
  readonly key: Key
  readonly progress: Progress
  readonly signal: AbortSignal
}

/** What a step keeps of its classes, and its size. */
interface Kept {
  readonly set: RenderedSet
  readonly floats: number
  readonly bytes: number
}

/** Makes the memory of the classes of a step. */
export type Memory = (classes: readonly number[], step: number) => Promise<Kept>

/** Chooses images for a step, as indices into the step's data. */
type Choose = (own: Parts, perClass: readonly number[], step: number) => Promise<Int32Array>

/**
 * The memories to compare: the run's method, which distills each step's classes separately and codes them as the run does, and
 * real images (uint8), random or chosen by herding, of as many bytes as the method's file of the same step. The method must
 * run first.
 */
export function memoriesOf(options: MemoriesOptions): Readonly<Record<'method' | 'random' | 'herding', Memory>> {
  const { parts, key, measure } = options
  const all = parts.data.classes
  /** Bytes of the method at each step. */
  const taken = new Map<number, number>()
  const images =
    (choose: Choose): Memory =>
    async (classes, step) => {
      const own = await partsOf(parts, classes)
      const { perClass, floats, bytes } = budgetIn(own, taken.get(step)!)
      const stored = await asBytes(own.data, await choose(own, perClass, step))
      const set = await selectionAsSet(
        stored,
        Int32Array.from(stored.labels, (_, i) => i),
      )
      return { set: spreadClasses(set, classes, all), floats, bytes }
    }
  return {
    method: async (classes, step) => {
      const kept = await distilled(options, await partsOf(parts, classes), step, all)
      taken.set(step, kept.bytes)
      return { ...kept, set: spreadClasses(kept.set, classes, all) }
    },
    random: images(async ({ data }, perClass, step) => randomImages(data.train, perClass, foldIn(key, 'random'), step)),
    herding: images((own, perClass) => {
      const chosen = chooser(own.read.config.compare.selection, false)
      return chosen('herding', perClass, { ...measure, parts: own })
    }),
  }
}

/** The same parts with the training images of some classes only, relabeled 0, 1, … */
async function partsOf(parts: Parts, classes: readonly number[]): Promise<Parts> {
  const { read, data } = parts
  const own = {
    ...data,
    classes: classes.length,
    classNames: classes.map((label) => data.classNames[label]!),
    train: relabeled(data.train, classes),
  }
  return { ...parts, data: own, network: await makeNetwork(read, read.config.network, own, 'network') }
}

/** The budget of real images of so many bytes. @throws HabaError if that is less than one per class */
const budgetIn = ({ data }: Parts, bytes: number) =>
  budgetOf(bytes, data.image, data.classes, { bytesPerValue: 1, most: mostOf(data.train) })

/** What the method keeps of the classes of a step. */
export interface TakenStep {
  readonly classes: readonly number[]
  readonly bytes: number
}

/** Why real images of as many bytes are impossible in some step; undefined if they are possible. Trains nothing. */
export async function whyNoImages(parts: Parts, steps: readonly TakenStep[]): Promise<string | undefined> {
  try {
    for (const { classes, bytes } of steps) budgetIn(await partsOf(parts, classes), bytes)
    return undefined
  } catch (error) {
    if (!HabaError.is(error)) throw error
    const { expected, received: got } = error.facts
    return `expected ${expected}, got ${got}`
  }
}

/** The codec of a step: its classes' share of the bytes of the whole set. */
const shareOf = (codec: CodecSettings | undefined, classes: number, all: number): CodecSettings | undefined =>
  codec?.bytes === undefined ? codec : { ...codec, bytes: Math.max(1, Math.floor((codec.bytes * classes) / all)) }

const todo = 'Run the same command again: finished steps are kept.'

/** Distills the classes of a step with the run's configuration. */
async function distilled(
  { folder, key, ...shared }: MemoriesOptions,
  own: Parts,
  step: number,
  all: number,
): Promise<Kept> {
  const { read, engine, data } = own
  const { classNames } = data
  const { config } = read
  const codec = shareOf(config.codec, data.classes, all)
  const parameterization = await makeSet(read, data, own)
  const spec = { ...(await wholeSpecOf(own, parameterization)), key: foldIn(foldIn(key, 'distill'), step) }
  const state = await distillInto({
    ...shared,
    ...(await laterOf(codec, spec)),
    folder: join(folder, `step-${step + 1}`),
    madeOf: canonicalHash([distilledHash(own.made), classNames]),
    what: `distilling classes of step ${step + 1}: step`,
    spec,
    checkpointEvery: config.checkpointEvery,
    ...(config.diverged && { diverged: config.diverged }),
    todo,
  })
  const stored = storageOf(parameterization, state.set)
  if (!codec) return { ...stored, set: await expand(engine, parameterization, state.set) }
  const { labels, classes } = parameterization.layout
  const otherBytes = labelBytes({ labels, classes })
  const options = { ...shared, parts: own, parameterization, set: state.set, settings: codec, otherBytes, todo }
  const coded = await codecFor(options)
  const encoded = coded.encode(namedLeaves(state.set))
  const decoded = withTensors(state.set, [...coded.decode(encoded.stored, 'continual').values()])
  const bytes = encoded.parts.reduce((sum, part) => sum + part.bytes, otherBytes)
  return { floats: stored.floats, bytes, set: await expand(engine, parameterization, decoded) }
}
