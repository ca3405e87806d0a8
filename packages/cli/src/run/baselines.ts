import type { ReadConfig } from '../config/read-config.js'
import { interruptible, type Interruption } from '../interruption.js'
import { selections, type SelectionName } from '../plugins/selections.js'
import type { Progress } from '../progress.js'
import { budgetOf } from './budget.js'
import { chooser, randomImages } from './chosen-images.js'
import { readRunSet } from './finished-run.js'
import { keptIn } from './kept-choices.js'
import type { MeasuringJob } from './measuring.js'
import { keyFor, makeSet, openEngine, openParts } from './parts.js'
import type { RowId } from './result.js'

/** Real images that a set is compared with. */
export type BaselineName = 'random' | SelectionName

/** The field's usual ones. */
export const usualBaselines: readonly BaselineName[] = ['random', 'herding', 'kCenter', 'kMeans']

/** What networks are trained on, to be compared. */
export interface Contender {
  readonly id: RowId
  readonly name: string
  readonly floats: number
  readonly bytes: number
  /** What a seed's network is trained on. */
  on(seed: number): MeasuringJob['on']
}

export interface BaselinesOptions {
  /** The run's. */
  readonly folder: string
  readonly read: ReadConfig
  readonly names: readonly BaselineName[]
  /** Seeds of each kind of network. */
  readonly networks: number
  readonly progress: Progress
  readonly interruption: Interruption
}

export interface Baselines {
  readonly contenders: readonly Contender[]
  /** How many floats they share with the set, where there are any. */
  readonly caption?: string
}

/**
 * Chooses real images of as many floats as a run's set stores. Random ones are drawn anew for every seed; for the others the
 * run's network is trained on all data, once, and the choice kept in the folder.
 */
export async function chooseBaselines(options: BaselinesOptions): Promise<Baselines> {
  const { folder, read, names, networks, progress, interruption } = options
  if (names.length === 0) return { contenders: [] }
  const opened = await openEngine(read, progress.say)
  try {
    const parts = await openParts(read, opened.engine, progress.pulse)
    const { image, classes, train } = parts.data
    const parameterization = await makeSet(read, parts.data)
    const { params } = await readRunSet(folder, parameterization)
    const { perClass, floats, images, caption } = budgetOf(parameterization.storage(params).floats, image, classes)
    const choose = keptIn(folder, chooser(read.config.compare.selection))
    const watch = (onCall: (name: string) => void) =>
      interruptible(opened.engine, interruption, 'Nothing was written.', onCall)
    const contenders: Contender[] = []
    for (const name of names) {
      const storage = { floats, bytes: 4 * (floats + images) }
      if (name === 'random') {
        const drawn = Array.from({ length: networks }, (_, seed) => [
          ...randomImages(train, perClass, keyFor(parts.key, 'random'), seed),
        ])
        contenders.push({ id: name, name: 'random real images', ...storage, on: (seed) => drawn[seed]! })
      } else {
        const chosen = [...(await choose(name, perClass, { parts, watch, progress }))]
        contenders.push({ id: name, name: selections[name].title, ...storage, on: () => chosen })
      }
    }
    return { contenders, caption }
  } finally {
    await opened.close()
  }
}
