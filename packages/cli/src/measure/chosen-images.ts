import { drawSome, foldIn, indicesByClass, type Engine, type Key, type RealSource } from '@haba/core'
import { choose, featuresOf, observeTraining, remembered, type Features } from '@haba/coreset'
import type { SelectionSettings } from '../config/config.js'
import { selections, type SelectionName } from '../plugins/selections.js'
import type { Progress } from '../tell/progress.js'
import { keyFor, type Parts } from '../assemble/parts.js'

/** The fields of a measure that choosing needs. */
interface ChooseWith {
  readonly parts: Parts
  readonly engine: Engine
  readonly progress: Progress
}

/** Chooses real images by a selection's name. The training that selections need runs once, on first use. */
export type ChooseByName = (
  name: SelectionName,
  perClass: readonly number[],
  measure: ChooseWith,
) => Promise<Int32Array>

/**
 * Trains the configuration's network on all images, with its augmentation, and chooses by it.
 *
 * @param counts whether to count forgetting events, for the selection by forgetting @default true
 */
export function chooser({ epochs, learningRate }: SelectionSettings, counts = true): ChooseByName {
  let observations: Promise<{ readonly features: Features; readonly forgotten: Int32Array }> | undefined
  return async (name, perClass, { parts, engine, progress }) => {
    const { network, augmentation, data, key } = parts
    const real = data.train
    const own = keyFor(key, 'select')
    observations ??= observeTraining({
      engine,
      network,
      real,
      key: own,
      epochs,
      learningRate,
      counts,
      ...(augmentation && { augmentation }),
      onStep: (step, steps) => progress.count('training on all images, for the selection: step', step, steps, ''),
    }).then(({ trained, forgotten }) => ({
      features: remembered(featuresOf({ engine, network, trained, real })),
      forgotten,
    }))
    progress.say(`Choosing images by ${selections[name].title}.`)
    return choose({ selection: selections[name].make(await observations), real, perClass, key: foldIn(own, name) })
  }
}

/** Draws `perClass` random images of each class, different for every `draw`. */
export function randomImages(real: RealSource, perClass: readonly number[], key: Key, draw: number): Int32Array {
  const own = foldIn(key, draw)
  return Int32Array.from(
    indicesByClass(real.labels, perClass.length).flatMap((members, label) => [
      ...drawSome(foldIn(own, label), members, perClass[label]!),
    ]),
  )
}
