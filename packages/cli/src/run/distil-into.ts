import { disposeTree, HabaError, namedLeaves, tensorLeaves, type Tree } from '@haba/core'
import {
  differentiationWithin,
  distill,
  estimateMemory,
  fit,
  initialSet,
  loadTree,
  saveTree,
  startDistilling,
  startFitting,
  type DistillReport,
  type DistillSpec,
  type DistillState,
  type FitState,
  type Memory,
} from '@haba/distill'
import { metricsLine, type Metrics } from '@haba/report'
import { existsSync } from 'node:fs'
import { appendFile, mkdir, rm } from 'node:fs/promises'
import { totalmem } from 'node:os'
import { join } from 'node:path'
import { interrupted, type Interruption } from '../interruption.js'
import type { Progress } from '../progress.js'
import { cutMetrics, FILES } from './run-folder.js'
import { isKept, keepSnapshot } from './snapshots.js'

export interface DistilIntoOptions {
  /** Holds checkpoint and metrics. */
  readonly folder: string
  /** What the progress line calls it. */
  readonly what: string
  readonly spec: DistillSpec
  /** From the step after this one on, the set is distilled as this parameterization renders it. */
  readonly later?: { readonly after: number; readonly parameterization: DistillSpec['parameterization'] }
  /** How much memory a step may take; without it, the specification says how to differentiate. */
  readonly memory?: Memory
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
  const within = await affordable(options, saved)
  let last = saved ?? (await startDistilling(within, await startSet(options)))
  await rm(join(folder, FILES.fit), { force: true })
  for await (const report of inParts(options, within, last)) {
    const { step } = report
    await appendFile(metrics, metricsLine(measured(report)))
    const stopping = interruption.asked
    if (isKept(step)) await keepSnapshot(folder, step, report.state.set)
    if (stopping || step % checkpointEvery === 0 || step === steps) await saveTree(checkpoint, report.state)
    progress.count(what, step, steps, `loss ${report.loss.toPrecision(4)}`)
    if (stopping && step < steps) throw interrupted(`Stopped after step ${step} of ${steps}. ${todo}`)
    last = report.state
  }
  return last
}

/** The set before distilling, fitted where its parameterization asks for it; an interrupted fit is continued. */
async function startSet({ folder, spec, progress, interruption, todo }: DistilIntoOptions): Promise<Tree> {
  const { parameterization } = spec
  if (!parameterization.fit) return initialSet(spec)
  const { steps } = parameterization.fit
  const file = join(folder, FILES.fit)
  const saved = existsSync(file) ? await loadTree<FitState>(file) : undefined
  let last = saved ?? (await startFitting(spec, await initialSet(spec)))
  for await (const { loss, state } of fit(spec, last)) {
    last = state
    progress.count(
      'fitting the set to real images: step',
      state.step,
      steps,
      `mean squared error ${loss.toPrecision(4)}`,
    )
    if (interruption.asked || state.step === steps) await saveTree(file, state)
    if (interruption.asked && state.step < steps)
      throw interrupted(`Stopped after step ${state.step} of ${steps} of fitting. ${todo}`)
  }
  disposeTree(last.optimizer)
  return last.set
}

/** The steps before and after the set is rendered otherwise. */
async function* inParts(
  { later }: DistilIntoOptions,
  spec: DistillSpec,
  saved: DistillState | undefined,
): AsyncGenerator<DistillReport> {
  const first = later ? later.after : spec.steps
  let state = saved
  if ((state?.step ?? 0) < first)
    for await (const report of distill({ ...spec, steps: first }, state)) {
      state = report.state
      yield report
    }
  if (first < spec.steps) yield* distill({ ...spec, parameterization: later!.parameterization }, state)
}

/**
 * The specification with the differentiation that its memory allows, once an estimate of it has been said.
 *
 * @throws HabaError for a run that cannot fit into this machine's memory, before it starts
 */
async function affordable({ spec, memory, progress }: DistilIntoOptions, saved?: DistillState): Promise<DistillSpec> {
  const estimate = await estimateMemory(spec, saved)
  const { least, fastest } = estimate
  const megabytes = (bytes: number) => `${Math.ceil(bytes / 2 ** 20)} MB`
  // Without the dial the least is checked: more is the choice of whoever named a differentiation.
  const differentiation = differentiationWithin(estimate, memory ?? 'least', totalmem())
  const both = least === fastest ? megabytes(least) : `least ${megabytes(least)}, fastest ${megabytes(fastest)}`
  const chosen = memory === undefined || least === fastest ? '' : `; trajectories are ${differentiation.name}`
  progress.say(`Memory of a step, about: ${both}${chosen}.`)
  return memory === undefined ? spec : { ...spec, differentiation }
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
