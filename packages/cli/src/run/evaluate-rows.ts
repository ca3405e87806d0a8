import { drawSome, fold, indicesByClass, type Engine, type RealSource, type RenderedSet } from '@haba/core'
import { evaluateReal, evaluateSet, summarise, type Accuracy, type EvaluateOptions, type Protocol } from '@haba/eval'
import type { Progress } from '../progress.js'
import { keyFor, type Parts } from './parts.js'
import { accuracyText } from './result.js'

/** What every row is measured with. */
export interface Measure {
  readonly parts: Parts
  /** The engine, telling of every call by the function's name; it may refuse to go on. */
  watch(onCall: (name: string) => void): Engine
  readonly protocol: Protocol
  readonly networks: number
  readonly progress: Progress
}

/**
 * Sets are measured by the same networks, with the same initial weights.
 *
 * @param items how many images the networks are trained on
 */
function optionsOf(
  { parts, watch, protocol, networks, progress }: Measure,
  what: string,
  items: number,
): EvaluateOptions {
  const { network, data, key } = parts
  const total = networks * (protocol.epochs + 1) * Math.ceil(items / protocol.batch)
  let done = 0
  let last = ''
  return {
    engine: watch((name) => {
      // What a trainer compiles for one step of SGD.
      if (name === `${network.name}/step`) progress.count(`testing ${what}: training step`, ++done, total, last)
    }),
    network,
    protocol,
    networks,
    test: data.test,
    key: keyFor(key, 'evaluate'),
    onNetwork: (_, accuracy) => (last = `accuracy ${(100 * accuracy).toFixed(2)} %`),
  }
}

const told = (measure: Measure, what: string, accuracy: Accuracy): Accuracy => {
  measure.progress.say(`${what}: ${accuracyText(accuracy)}`)
  return accuracy
}

/** Fresh networks on a distilled set. */
export const measureSet = async (set: RenderedSet, measure: Measure, what: string): Promise<Accuracy> =>
  told(measure, what, await evaluateSet(set, optionsOf(measure, what, set.layout.slots)))

/** Fresh networks on all of the real images. */
export const measureReal = async (real: RealSource, measure: Measure, what: string): Promise<Accuracy> =>
  told(measure, what, await evaluateReal(real, optionsOf(measure, what, real.labels.length)))

/** Random real images, drawn anew for every network: their luck is part of the deviation. */
export async function measureRandom(perClass: readonly number[], measure: Measure, what: string): Promise<Accuracy> {
  const { train, classes } = measure.parts.data
  const items = perClass.reduce((sum, count) => sum + count, 0)
  const options = optionsOf(measure, what, items)
  const accuracies: number[] = []
  for (let i = 0; i < measure.networks; i++) {
    const key = fold(keyFor(measure.parts.key, 'random'), i)
    const chosen = indicesByClass(train.labels, classes).flatMap((members, label) => [
      ...drawSome(fold(key, label), members, perClass[label]!),
    ])
    const own = { ...options, networks: 1, key: fold(options.key, i) }
    accuracies.push((await evaluateReal(train, own, Int32Array.from(chosen))).mean)
  }
  return told(measure, what, summarise(accuracies))
}
