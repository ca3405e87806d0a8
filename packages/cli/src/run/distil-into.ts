import { HabaError, tensorLeaves, namedLeaves } from '@haba/core'
import { distill, loadTree, saveTree, type DistillReport, type DistillSpec, type DistillState } from '@haba/distill'
import { metricsLine, type Metrics } from '@haba/report'
import { existsSync } from 'node:fs'
import { appendFile, mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { interrupted, type Interruption } from '../interruption.js'
import type { Progress } from '../progress.js'
import { cutMetrics, FILES } from './run-folder.js'

export interface DistilIntoOptions {
  /** Holds checkpoint and metrics. */
  readonly folder: string
  /** What the progress line calls it. */
  readonly what: string
  readonly spec: DistillSpec
  /** Steps. */
  readonly checkpointEvery: number
  readonly progress: Progress
  readonly interruption: Interruption
  /** How to go on after an interruption. */
  readonly todo: string
}

/**
 * Distils into a folder: a line of metrics a step, and a checkpoint every so often, at the end, and where someone
 * interrupts. A folder that holds a checkpoint is gone on from, bit for bit.
 */
export async function distilInto(options: DistilIntoOptions): Promise<DistillState> {
  const { folder, what, spec, checkpointEvery, progress, interruption, todo } = options
  const { steps } = spec
  await mkdir(folder, { recursive: true })
  const checkpoint = join(folder, FILES.checkpoint)
  const metrics = join(folder, FILES.metrics)
  const saved = existsSync(checkpoint) ? await loadTree<DistillState>(checkpoint) : undefined
  if (saved && saved.step > steps)
    throw new HabaError(
      `run ${folder}`,
      `a checkpoint of at most ${steps} steps`,
      `one of ${saved.step}`,
      'Ask for more --steps, or start a new run.',
    )
  await cutMetrics(metrics, saved?.step ?? 0)
  if (saved && saved.step === steps) return saved
  if (saved) progress.say(`Going on from step ${saved.step}.`)
  let last = saved
  for await (const report of distill(spec, saved)) {
    const { step } = report
    await appendFile(metrics, metricsLine(measured(report)))
    const stopping = interruption.asked
    if (stopping || step % checkpointEvery === 0 || step === steps) await saveTree(checkpoint, report.state)
    progress.count(what, step, steps, `loss ${report.loss.toPrecision(4)}`)
    if (stopping && step < steps) throw interrupted(`Stopped after step ${step} of ${steps}. ${todo}`)
    last = report.state
  }
  return last!
}

/** The numbers of one step: the loss, what games cost, and single numbers that the objective learns. */
function measured({ step, loss, penalties, critiques, state }: DistillReport): Metrics {
  const each = (name: string, values: readonly number[]) =>
    values.map((value, i) => [values.length > 1 ? `${name}.${i}` : name, value] as const)
  return {
    step,
    loss,
    ...Object.fromEntries([...each('penalty', penalties), ...each('critique', critiques), ...learnedNumbers(state)]),
  }
}

/** Single numbers that an objective learned, by name, such as `rate`. */
export const learnedNumbers = ({ objective }: Pick<DistillState, 'objective'>): (readonly [string, number])[] =>
  tensorLeaves(objective.params).length === 0
    ? []
    : [...namedLeaves(objective.params)].flatMap(([name, t]) =>
        t.size === 1 ? [[name, t.dataSync()[0]!] as const] : [],
      )
