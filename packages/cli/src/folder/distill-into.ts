import { disposeTree, HabaError, isNotFinite, namedLeaves, tensorLeaves, type Tree } from '@haba/core'
import { openLines } from '@haba/core/files'
import {
  differentiationWithin,
  distill,
  estimateMemory,
  fit,
  initialSet,
  startDistilling,
  startFitting,
  type DistillReport,
  type DistillSpec,
  type DistillState,
  type FitState,
  type Memory,
} from '@haba/distill'
import { loadTree, saveTree } from '@haba/distill/files'
import { metricsLine, type Metrics } from '@haba/report'
import { existsSync } from 'node:fs'
import { mkdir, rm } from 'node:fs/promises'
import { totalmem } from 'node:os'
import { join } from 'node:path'
import { interrupted } from '../interruption.js'
import type { Progress } from '../tell/progress.js'
import type { Config } from '../config/config.js'
import { checkpointsIn, setAside, type Checkpoints } from './checkpoints.js'
import { cutMetrics, FILES } from './run-folder.js'
import { isKept, keepSnapshot } from './snapshots.js'

export interface DistilIntoOptions {
  /** Holds checkpoint and metrics. */
  readonly folder: string
  /** A hash of all that distillation begins with: a checkpoint of something else is refused. */
  readonly madeOf: string
  /** What the progress line calls it. */
  readonly what: string
  readonly spec: DistillSpec
  /** From the step after this one on, the set is distilled as this parameterization renders it. */
  readonly later?: { readonly after: number; readonly parameterization: DistillSpec['parameterization'] }
  /** What an optimizer keeps learned numbers from falling below, by name: told of where it is reached. */
  readonly least?: Readonly<Record<string, number>>
  /** How much memory a step may take; without it, the specification says how to differentiate. */
  readonly memory?: Memory
  /** Steps. */
  readonly checkpointEvery: number
  /** What is done where a step is not finite. @default the run stops */
  readonly diverged?: Config['diverged']
  /** Keeps what was distilled before a step that is not finite, where that stops the run. @returns where it is, in words */
  readonly keepSoFar?: (state: DistillState) => Promise<string>
  readonly progress: Progress
  /** Ends after the step that it is at. */
  readonly signal: AbortSignal
  /** How to go on after an interruption. */
  readonly todo: string
}

/**
 * Distills into a folder: a line of metrics a step, and a checkpoint every so often, at the end, and where someone
 * interrupts. If the folder has a checkpoint, the run resumes from it, bit for bit. After a step that is not finite the run goes
 * back to its last checkpoint and goes on with lower rates, as often as `diverged` says. Where that brings it to no further
 * checkpoint it goes back to the one before, or to the start: numbers may have grown out of bounds long before.
 *
 * @throws HabaError where a step is not finite and rates are not to be lowered further: what was distilled before is kept
 */
export async function distillInto(options: DistilIntoOptions): Promise<DistillState> {
  const { folder, madeOf, spec, checkpointEvery: every, progress, diverged } = options
  await mkdir(folder, { recursive: true })
  const checkpoints = checkpointsIn({ folder, madeOf, every, steps: spec.steps, say: progress.say })
  for (let [lowered, skipped] = [0, 0]; ;) {
    const found = await checkpoints.load(skipped)
    lowered = Math.max(lowered, found?.lowered ?? 0)
    const saved = found && lowered > 0 ? { ...found, lowered } : found
    const attempt: Attempt = { lowered, last: saved, kept: false }
    try {
      return await goOn(options, checkpoints, attempt)
    } catch (error) {
      if (!HabaError.is(error) || !isNotFinite(error)) throw error
      if (lowered >= (diverged?.times ?? 0)) throw await stopped(options, error, attempt)
      // The same whether the process was ended in between: it depends on what the checkpoint says alone.
      skipped = lowered > (found?.lowered ?? 0) && !attempt.kept ? skipped + 1 : 0
      lowered++
      disposeTree(attempt.last ?? [])
      const { expected, received: got, source: who } = error.facts
      const factor = diverged!.lowerRates ** lowered
      progress.say(
        `${who}: expected ${expected}, got ${got}. Back to a checkpoint, with all rates multiplied by ` +
          `${factor.toPrecision(3)} from there on (${lowered} of ${diverged!.times} times).`,
      )
    }
  }
}

/** How far a run has come since it last went back. */
interface Attempt {
  readonly lowered: number
  /** The state after its last step that was taken; all of it is finite. */
  last: DistillState | undefined
  /** Whether it has written a checkpoint. */
  kept: boolean
}

/** The run stops because something in it is not finite; `isNotFinite` knows it. @param todo how to go on, and what is kept */
const divergedError = ({ facts, cause }: HabaError, todo: string) =>
  new HabaError(facts.source, facts.expected, facts.received, todo, { cause })

async function stopped({ folder, keepSoFar }: DistilIntoOptions, error: HabaError, { lowered, last }: Attempt) {
  const failed = ({ message }: Error) => `The set so far could not be written: ${message}`
  const kept = last && keepSoFar ? ` ${await keepSoFar(last).catch(failed)}` : ''
  const again = lowered > 0 ? `Rates were lowered ${lowered} times: start` : 'Start'
  // An expert has words of its own for what to do.
  if (error.facts.source !== 'distill') return divergedError(error, `${error.facts.hint}${kept}`)
  const section = `"diverged": { "lowerRates": 0.5, "times": 3 }`
  return divergedError(
    error,
    `${again} a new run with lower rates, or let this one lower them: ${section} in its configuration, and resume.${kept} ` +
      `The last checkpoint stays in ${folder}.`,
  )
}

async function goOn(options: DistilIntoOptions, checkpoints: Checkpoints, attempt: Attempt): Promise<DistillState> {
  const { folder, what, spec, checkpointEvery, progress, signal, todo, diverged } = options
  const { steps } = spec
  const saved = attempt.last
  if (saved && saved.step > steps)
    throw new HabaError(
      `run ${folder}`,
      `a checkpoint of at most ${steps} steps`,
      `one of ${saved.step}`,
      'Ask for more --steps, or start a new run.',
    )
  await cutMetrics(join(folder, FILES.metrics), saved?.step ?? 0)
  if (saved && saved.step === steps) return saved
  if (saved || attempt.lowered > 0) progress.say(`Going on from step ${saved?.step ?? 0}.`)
  const afforded = await affordable(options, saved)
  const within = { ...afforded, ...(diverged && { lowerRates: diverged.lowerRates }) }
  const started = saved ?? (await startDistilling(within, await startSet(options)))
  let last: DistillState = attempt.lowered > 0 ? { ...started, lowered: attempt.lowered } : started
  attempt.last = last
  await rm(join(folder, FILES.fit), { force: true })
  const tellBound = bounds(options)
  const metrics = await openLines(join(folder, FILES.metrics))
  try {
    for await (const report of inParts(options, within, last)) {
      const { step } = report
      last = attempt.last = report.state
      await metrics.append(metricsLine(measured(report)))
      tellBound(last)
      const stopping = signal.aborted
      if (isKept(step)) await keepSnapshot(folder, step, last.set)
      if (stopping || step % checkpointEvery === 0 || step === steps) {
        // No checkpoint is on the disk before the metrics of its steps are.
        await metrics.sync()
        await checkpoints.save(last)
        attempt.kept = true
      }
      progress.count(what, step, steps, `loss ${report.loss.toPrecision(4)}`)
      if (stopping && step < steps) throw interrupted(`Stopped after step ${step} of ${steps}. ${todo}`)
    }
  } finally {
    await metrics.close()
  }
  return last
}

/** Says once for each number that the objective learns that it has reached the least that it may be. */
function bounds({ spec, least = {}, progress }: DistilIntoOptions): (state: DistillState) => void {
  const told = new Set<string>()
  return (state) => {
    for (const [name, value] of learnedNumbers(state)) {
      const bound = Math.max(spec.objective.least?.[name] ?? -Infinity, least[name] ?? -Infinity)
      if (told.has(name) || value > Math.fround(bound)) continue
      told.add(name)
      progress.say(
        `The learned ${name} is at its bound, ${bound}, after step ${state.step}; it is kept from falling below.`,
      )
    }
  }
}

/** The set before distilling, fitted where its parameterization asks for it; an interrupted fit is continued. */
async function startSet({ folder, spec, progress, signal, todo }: DistilIntoOptions): Promise<Tree> {
  const { parameterization } = spec
  if (!parameterization.fit) return initialSet(spec)
  const { steps } = parameterization.fit
  const file = join(folder, FILES.fit)
  const saved = existsSync(file) ? await loadFit(file, progress) : undefined
  let last = saved ?? (await startFitting(spec, await initialSet(spec)))
  for await (const { loss, state } of fit(spec, last)) {
    last = state
    progress.count(
      'fitting the set to real images: step',
      state.step,
      steps,
      `mean squared error ${loss.toPrecision(4)}`,
    )
    if (signal.aborted || state.step === steps) await saveTree(file, state)
    if (signal.aborted && state.step < steps)
      throw interrupted(`Stopped after step ${state.step} of ${steps} of fitting. ${todo}`)
  }
  disposeTree(last.optimizer)
  return last.set
}

/** A fit that was interrupted; undefined for a damaged one, which is named and kept aside: it is done again then. */
async function loadFit(file: string, { say }: Progress): Promise<FitState | undefined> {
  try {
    return await loadTree<FitState>(file)
  } catch (error) {
    if (!HabaError.is(error)) throw error
    say(`${error.message} It is kept as ${await setAside(file)}; fitting begins again.`)
    return undefined
  }
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
    for await (const report of replacing({ ...spec, steps: first }, state)) {
      state = report.state
      yield report
    }
  if (first < spec.steps) yield* replacing({ ...spec, parameterization: later!.parameterization }, state)
}

/** `distill`, which frees the state that it continues from once there is another. */
async function* replacing(spec: DistillSpec, from: DistillState | undefined): AsyncGenerator<DistillReport> {
  for await (const report of distill(spec, from)) {
    if (from) disposeTree(from)
    yield report
  }
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
