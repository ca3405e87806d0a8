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
  /** The folder of checkpoints and metrics. */
  readonly folder: string
  /** Hash of everything that distillation starts from; checkpoints with another one are refused. */
  readonly madeOf: string
  /** Name in the progress line. */
  readonly what: string
  readonly spec: DistillSpec
  /** After this step the set is distilled with this parameterization. */
  readonly later?: { readonly after: number; readonly parameterization: DistillSpec['parameterization'] }
  /** Lower bounds of learned numbers, by name; a message says when one is reached. */
  readonly least?: Readonly<Record<string, number>>
  /** Memory of a step. @default the differentiation of the specification */
  readonly memory?: Memory
  /** Steps between checkpoints. */
  readonly checkpointEvery: number
  /** What to do after a step that is not finite. @default stop the run */
  readonly diverged?: Config['diverged']
  /** Saves the set so far if a step that is not finite stops the run. @returns where it is, in words */
  readonly keepSoFar?: (state: DistillState) => Promise<string>
  readonly progress: Progress
  /** Ends the run after the current step. */
  readonly signal: AbortSignal
  /** How to resume after an interruption. */
  readonly todo: string
}

/**
 * Distills into a folder. It writes a line of metrics per step, and checkpoints regularly, at the end and when interrupted. If
 * the folder has a checkpoint, the run resumes from it, bit for bit. After a step that is not finite the run returns to its
 * last checkpoint and continues with lower learning rates, as often as `diverged` allows. If it does not reach another
 * checkpoint, it returns to the one before, or to the start, because values may have grown long before.
 *
 * @throws HabaError if a step is not finite and learning rates must not be lowered further; the set so far is saved
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
      // Depends only on the checkpoint, so that an interruption changes nothing.
      skipped = lowered > (found?.lowered ?? 0) && !attempt.kept ? skipped + 1 : 0
      lowered++
      disposeTree(attempt.last ?? [])
      const { expected, received: got, source: who } = error.facts
      const factor = diverged!.lowerRates ** lowered
      progress.say(
        `${who}: expected ${expected}, got ${got}. Returning to a checkpoint, with all learning rates multiplied by ` +
          `${factor.toPrecision(3)} from there on (${lowered} of ${diverged!.times} times).`,
      )
    }
  }
}

/** The progress of a run since it last returned to a checkpoint. */
interface Attempt {
  readonly lowered: number
  /** The state after its last step; all values are finite. */
  last: DistillState | undefined
  /** Whether it has written a checkpoint. */
  kept: boolean
}

/** The error of a diverged run; `isNotFinite` recognizes it. @param todo how to continue, and what is saved */
const divergedError = ({ facts, cause }: HabaError, todo: string) =>
  new HabaError(facts.source, facts.expected, facts.received, todo, { cause })

async function stopped({ folder, keepSoFar }: DistilIntoOptions, error: HabaError, { lowered, last }: Attempt) {
  const failed = ({ message }: Error) => `The set so far could not be written: ${message}`
  const kept = last && keepSoFar ? ` ${await keepSoFar(last).catch(failed)}` : ''
  const again = lowered > 0 ? `Learning rates were lowered ${lowered} times: start` : 'Start'
  // Errors of experts have their own hint.
  if (error.facts.source !== 'distill') return divergedError(error, `${error.facts.hint}${kept}`)
  const section = `"diverged": { "lowerRates": 0.5, "times": 3 }`
  return divergedError(
    error,
    `${again} a new run with lower learning rates, or add ${section} to this one's configuration and resume.${kept} ` +
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
  if (saved || attempt.lowered > 0) progress.say(`Resuming from step ${saved?.step ?? 0}.`)
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
        // The metrics of a checkpoint's steps must be on disk before it.
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

/** Says, once for each learned number, that it has reached its lower bound. */
function bounds({ spec, least = {}, progress }: DistilIntoOptions): (state: DistillState) => void {
  const done = new Set<string>()
  return (state) => {
    for (const [name, value] of learnedNumbers(state)) {
      const bound = Math.max(spec.objective.least?.[name] ?? -Infinity, least[name] ?? -Infinity)
      if (done.has(name) || value > Math.fround(bound)) continue
      done.add(name)
      progress.say(`The learned ${name} reached its lower bound ${bound} after step ${state.step}.`)
    }
  }
}

/** The set before distillation, fitted if its parameterization has a `fit`; an interrupted fit resumes. */
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

/** An interrupted fit; undefined for a damaged one, which is reported and renamed. */
async function loadFit(file: string, { say }: Progress): Promise<FitState | undefined> {
  try {
    return await loadTree<FitState>(file)
  } catch (error) {
    if (!HabaError.is(error)) throw error
    say(`${error.message} It was renamed to ${await setAside(file)}; fitting restarts.`)
    return undefined
  }
}

/** Distills in two parts: before and after the parameterization changes. */
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

/** `distill`, but disposes `from` after the first step. */
async function* replacing(spec: DistillSpec, from: DistillState | undefined): AsyncGenerator<DistillReport> {
  for await (const report of distill(spec, from)) {
    if (from) disposeTree(from)
    yield report
  }
}

/**
 * Shows an estimate of the memory and returns the specification with the differentiation that it allows.
 *
 * @throws HabaError before the start of a run that cannot fit into this machine's memory
 */
async function affordable({ spec, memory, progress }: DistilIntoOptions, saved?: DistillState): Promise<DistillSpec> {
  const estimate = await estimateMemory(spec, saved)
  const { least, fastest } = estimate
  const megabytes = (bytes: number) => `${Math.ceil(bytes / 2 ** 20)} MB`
  // Without the option only the least is checked: a caller who named a differentiation has chosen its memory.
  const differentiation = differentiationWithin(estimate, memory ?? 'least', totalmem())
  const both = least === fastest ? megabytes(least) : `least ${megabytes(least)}, fastest ${megabytes(fastest)}`
  const chosen = memory === undefined || least === fastest ? '' : `; trajectories are ${differentiation.name}`
  progress.say(`Memory of a step, about: ${both}${chosen}.`)
  return memory === undefined ? spec : { ...spec, differentiation }
}

/** The metrics of one step: loss, losses of games, and scalars that the objective learns. */
function measured({ step, loss, penalties, critiques, state }: DistillReport): Metrics {
  const each = (name: string, values: readonly number[]) =>
    values.map((value, i) => [values.length > 1 ? `${name}.${i}` : name, value] as const)
  return {
    step,
    loss,
    ...Object.fromEntries([...each('penalty', penalties), ...each('critique', critiques), ...learnedNumbers(state)]),
  }
}

/** Scalars that an objective learned, by name, such as `rate`. */
export const learnedNumbers = ({ objective }: Pick<DistillState, 'objective'>): (readonly [string, number])[] =>
  tensorLeaves(objective.params).length === 0
    ? []
    : [...namedLeaves(objective.params)].flatMap(([name, t]) =>
        t.size === 1 ? [[name, t.dataSync()[0]!] as const] : [],
      )
