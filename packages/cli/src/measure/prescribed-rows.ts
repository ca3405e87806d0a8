import { foldIn, prescribes, type Layout, type Prescribes, type RenderedSet, type Tree } from '@haba/core'
import { writeWhole } from '@haba/core/files'
import { selectionAsSet, summarize, type Accuracy } from '@haba/eval'
import { testAsPrescribed } from '@haba/meta'
import { join } from 'node:path'
import { budgetOf, spreadText } from '../assemble/budget.js'
import type { DistilledSet } from '../folder/distill-set.js'
import type { Run } from '../folder/run.js'
import { distilledNote, rendered, row, type Rows } from './run-rows.js'
import { mostOf } from './stored-images.js'
import type { Measure } from './evaluate-rows.js'
import { randomImages } from './chosen-images.js'
import { keyFor } from '../assemble/parts.js'
import { accuracyText } from '../tell/tables.js'

/** Training that an objective prescribes. */
interface PrescribedOptions {
  readonly objective: Prescribes
  /** What the objective learned. */
  readonly params: Tree
  readonly measure: Measure
}

/**
 * Adds the set trained by the steps that were learned with it, which are written to `sequence.json`; and, if the configuration
 * compares with random images, random real images (uint8) of as many bytes trained by the same steps. Adds nothing if no
 * steps were learned.
 */
export async function addPrescribed(run: Run, set: DistilledSet, rows: Rows): Promise<void> {
  const { folder, read, parts, parameterization } = run
  const { objective, state, measure, storage } = set
  if (!prescribes(objective)) return
  const prescribed = { objective, params: state.objective.params, measure }
  await writeWhole(join(folder, 'sequence.json'), sequenceText(prescribed, parameterization.layout))
  await rows.add('prescribed', state.step, async () => {
    const name = `${set.name}, as prescribed`
    const accuracy = await measurePrescribed(prescribed, await rendered(run, parameterization, state), name)
    return row(name, accuracy, storage, `by the steps in sequence.json${distilledNote(run, state)}`)
  })
  if (read.config.compare.random)
    await rows.add('prescribedRandom', state.step, async () => {
      const name = 'random (uint8), as prescribed'
      const { image, classes, train } = parts.data
      const budget = budgetOf(storage.bytes, image, classes, { bytesPerValue: 1, most: mostOf(train) })
      const accuracy = await measurePrescribedRandom(prescribed, budget.perClass, name)
      return row(name, accuracy, budget, `${spreadText(budget)}, by the same steps`)
    })
}

/** Measures fresh networks on a distilled set, trained by the learned steps. */
async function measurePrescribed(options: PrescribedOptions, set: RenderedSet, what: string): Promise<Accuracy> {
  const { measure } = options
  return told(measure, what, await test(options, set, what, 0, measure.networks))
}

/** Measures the same steps on random real images, drawn for every network. */
async function measurePrescribedRandom(
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

/** The learned steps, as text for `sequence.json`. */
function sequenceText({ objective, params }: PrescribedOptions, layout: Layout): string {
  const { steps, momentum = 0 } = objective.prescribe(params, layout)
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
  const { parts, engine, progress } = measure
  const { network, data, key } = parts
  const prescription = objective.prescribe(params, set.layout)
  const total = measure.networks * prescription.steps.length
  let done = first * prescription.steps.length
  return testAsPrescribed({
    engine,
    network,
    set,
    prescription,
    test: data.test,
    key: foldIn(keyFor(key, 'evaluate'), first),
    networks,
    onStep: () => progress.count(`testing ${what}: training step`, ++done, total, ''),
  })
}

function told({ progress }: Measure, what: string, accuracies: readonly number[]): Accuracy {
  const accuracy = summarize(accuracies)
  progress.say(`${what}: ${accuracyText(accuracy)}`)
  return accuracy
}
