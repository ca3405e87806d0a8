import { disposeTree, fold, type Key, type RenderedSet, type Tree } from '@haba/core'
import { expand, type DistillSpec } from '@haba/distill'
import { relabelled, selectionAsSet, spreadClasses } from '@haba/eval'
import { join } from 'node:path'
import type { Interruption } from '../interruption.js'
import type { Progress } from '../progress.js'
import { budgetOf } from './budget.js'
import { chooser, randomImages } from './chosen-images.js'
import { distilInto } from './distil-into.js'
import type { Measure } from './evaluate-rows.js'
import { shapesOf } from './finished-run.js'
import { makeOptimizer } from './optimizers.js'
import { differentiations, makeGames, makeNetwork, makeObjective, makeSet, type Parts } from './parts.js'

export interface MemoriesOptions {
  /** Where the sets of the steps are distilled: what is there already is not done again. */
  readonly folder: string
  readonly parts: Parts
  readonly measure: Measure
  readonly key: Key
  readonly progress: Progress
  readonly interruption: Interruption
}

/** What a step keeps of its classes, and how many floats that is. */
interface Kept {
  readonly set: RenderedSet
  readonly floats: number
}

/** A way to remember the classes of a step. */
export type Memory = (classes: readonly number[], step: number) => Promise<Kept>

/** Chooses images for a step: indices into its own data. */
type Choose = (own: Parts, perClass: readonly number[], step: number) => Promise<Int32Array>

/**
 * The run's method, distilling each step's classes alone, and real images of as many floats: random ones, and those that
 * herding chooses.
 */
export function memoriesOf(options: MemoriesOptions): Readonly<Record<'method' | 'random' | 'herding', Memory>> {
  const { parts, key, measure } = options
  const all = parts.data.classes
  const images =
    (choose: Choose): Memory =>
    async (classes, step) => {
      const own = await partsOf(parts, classes)
      const { perClass, floats } = budgetOf(await bytesOf(own), own.data.image, classes.length, { bytesPerValue: 4 })
      const set = await selectionAsSet(own.data.train, await choose(own, perClass, step))
      return { set: spreadClasses(set, classes, all), floats }
    }
  return {
    method: async (classes, step) => {
      const { set, floats } = await distilled(options, await partsOf(parts, classes), step)
      return { set: spreadClasses(set, classes, all), floats }
    },
    random: images(async ({ data }, perClass, step) => randomImages(data.train, perClass, fold(key, 'random'), step)),
    herding: images((own, perClass) => {
      const chosen = chooser(own.read.config.compare.selection)
      return chosen('herding', perClass, { ...measure, parts: own })
    }),
  }
}

/** The same parts for the training images of some classes, which become 0, 1, … */
async function partsOf(parts: Parts, classes: readonly number[]): Promise<Parts> {
  const { read, data } = parts
  const own = {
    ...data,
    classes: classes.length,
    classNames: classes.map((label) => data.classNames[label]!),
    train: relabelled(data.train, classes),
  }
  return { ...parts, data: own, network: await makeNetwork(read, read.config.network, own, 'network') }
}

async function bytesOf({ read, data }: Parts): Promise<number> {
  const parameterization = await makeSet(read, data)
  const params = await shapesOf(parameterization)
  const { bytes } = parameterization.storage(params)
  disposeTree(params)
  return bytes
}

/** Distils the classes of a step as the run's configuration says. */
async function distilled({ folder, key, ...shared }: MemoriesOptions, own: Parts, step: number): Promise<Kept> {
  const { read, engine, data } = own
  const { config } = read
  const parameterization = await makeSet(read, data, own)
  const state = await distilInto({
    ...shared,
    folder: join(folder, `step-${step + 1}`),
    what: `distilling classes of step ${step + 1}: step`,
    spec: {
      engine,
      key: fold(fold(key, 'distill'), step),
      real: data.train,
      parameterization,
      objective: await makeObjective(own),
      games: await makeGames(own),
      differentiation: differentiations[config.differentiation],
      optimizer: makeOptimizer(own, config.optimizer, 'optimizer', config.clipNorm),
      ...(config.objectiveOptimizer && {
        objectiveOptimizer: makeOptimizer(own, config.objectiveOptimizer, 'objectiveOptimizer'),
      }),
      steps: config.steps,
    } as DistillSpec,
    checkpointEvery: config.checkpointEvery,
    todo: 'Run the same command again: finished steps are kept.',
  })
  const set = await expand(engine, parameterization, state.set as Tree)
  return { set, floats: parameterization.storage(state.set).floats }
}
