import { drawSome, fold, indicesByClass, type Engine, type Key, type RealSource } from '@haba/core'
import { choose, featuresOf, observeTraining, type Observed } from '@haba/coreset'
import type { SelectionSettings } from '../config/config.js'
import { selections, type SelectionName } from '../plugins/selections.js'
import type { Progress } from '../progress.js'
import { keyFor, type Parts } from './parts.js'

/** What choosing needs of a measure. */
interface ChooseWith {
  readonly parts: Parts
  watch(onCall: (name: string) => void): Engine
  readonly progress: Progress
}

/** Chooses real images by a selection's name; the training that they need is done once, when it is first asked for. */
export type ChooseByName = (
  name: SelectionName,
  perClass: readonly number[],
  measure: ChooseWith,
) => Promise<Int32Array>

/** The configuration's network is trained on all images, with its augmentation. */
export function chooser({ epochs, rate }: SelectionSettings): ChooseByName {
  let observed: Promise<Observed> | undefined
  return async (name, perClass, { parts, watch, progress }) => {
    const { network, augmentation, data, key } = parts
    const real = data.train
    const engine = watch(() => {})
    const own = keyFor(key, 'select')
    observed ??= observeTraining({
      engine,
      network,
      real,
      key: own,
      epochs,
      rate,
      ...(augmentation && { augmentation }),
      onStep: (step, steps) => progress.count('training on all images, to choose some: step', step, steps, ''),
    })
    const { trained, forgotten } = await observed
    const features = featuresOf({ engine, network, trained, real })
    progress.say(`Choosing images by ${selections[name].title}.`)
    return choose({ selection: selections[name].make({ features, forgotten }), real, perClass, key: fold(own, name) })
  }
}

/** Draws so many images of each class, others for every `draw`. */
export function randomImages(real: RealSource, perClass: readonly number[], key: Key, draw: number): Int32Array {
  const own = fold(key, draw)
  return Int32Array.from(
    indicesByClass(real.labels, perClass.length).flatMap((members, label) => [
      ...drawSome(fold(own, label), members, perClass[label]!),
    ]),
  )
}
