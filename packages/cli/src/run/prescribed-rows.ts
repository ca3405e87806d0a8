import { fold, type AnyObjective, type Layout, type RenderedSet, type Tree } from '@haba/core'
import { selectionAsSet, summarise, type Accuracy } from '@haba/eval'
import { testAsPrescribed } from '@haba/meta'
import type { Measure } from './evaluate-rows.js'
import { randomImages } from './chosen-images.js'
import { keyFor } from './parts.js'
import { accuracyText } from './result.js'

/** What is trained on as an objective prescribes. */
export interface PrescribedOptions {
  readonly objective: AnyObjective
  /** What the objective learned. */
  readonly params: Tree
  readonly measure: Measure
}

/** Fresh networks on a distilled set, trained by the steps that were learned with it. */
export async function measurePrescribed(options: PrescribedOptions, set: RenderedSet, what: string): Promise<Accuracy> {
  const { measure } = options
  return told(measure, what, await test(options, set, what, 0, measure.networks))
}

/** The same steps on random real images, drawn anew for every network. */
export async function measurePrescribedRandom(
  options: PrescribedOptions,
  perClass: readonly number[],
  what: string,
): Promise<Accuracy> {
  const { measure } = options
  const { train } = measure.parts.data
  const accuracies: number[] = []
  for (let i = 0; i < measure.networks; i++) {
    const drawn = randomImages(train, perClass, keyFor(measure.parts.key, 'random'), i)
    accuracies.push(...(await test(options, await selectionAsSet(train, drawn), what, i, 1)))
  }
  return told(measure, what, accuracies)
}

/** The learned steps as `sequence.json` holds them. */
export function sequenceText({ objective, params }: PrescribedOptions, layout: Layout): string {
  const { steps, momentum = 0 } = objective.prescribe!(params, layout)
  const written = steps.map(({ slots, views, ...step }) => ({
    slots: [...slots],
    views: [...views],
    ...step,
    ...(momentum && { momentum }),
  }))
  return `${JSON.stringify(written, null, 1)}\n`
}

function test(
  { objective, params, measure }: PrescribedOptions,
  set: RenderedSet,
  what: string,
  first: number,
  networks: number,
): Promise<readonly number[]> {
  const { parts, watch, progress } = measure
  const { network, data, key } = parts
  const prescription = objective.prescribe!(params, set.layout)
  const total = measure.networks * prescription.steps.length
  let done = first * prescription.steps.length
  return testAsPrescribed({
    engine: watch((name) => {
      if (name === `${network.name}/step`) progress.count(`testing ${what}: training step`, ++done, total, '')
    }),
    network,
    set,
    prescription,
    test: data.test,
    key: fold(keyFor(key, 'evaluate'), first),
    networks,
  })
}

function told({ progress }: Measure, what: string, accuracies: readonly number[]): Accuracy {
  const accuracy = summarise(accuracies)
  progress.say(`${what}: ${accuracyText(accuracy)}`)
  return accuracy
}
