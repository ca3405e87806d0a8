import type { AnyParameterization, Tree } from '@haba/core'
import type { DistillState } from '@haba/distill'
import { expand } from '@haba/distill'
import { dataOfSet, type Choice } from '@haba/eval'
import { settle, type Measure, type Settled } from './evaluate-rows.js'
import { choosableSteps, loadSnapshot } from '../folder/snapshots.js'

export interface ChooseCheckpointOptions {
  /** The run folder, or the folder in it that the set was distilled into. */
  readonly folder: string
  readonly state: DistillState
  readonly parameterization: AnyParameterization
  readonly measure: Measure
  readonly what: string
  /** Applied to a set before it is measured. @default the identity */
  readonly finish?: (set: Tree) => Promise<Tree>
  /** The choice of an earlier measurement. */
  readonly known?: Choice
}

/** The set at the checkpoint chosen on validation data, and how it is measured. */
export interface ChosenCheckpoint extends Settled {
  readonly state: DistillState
}

/** Chooses checkpoint and learning rate if the protocol chooses; otherwise takes the last step. */
export async function chooseCheckpoint(options: ChooseCheckpointOptions): Promise<ChosenCheckpoint> {
  const { folder, state, parameterization, measure, what, known, finish = (set) => Promise.resolve(set) } = options
  const { choosing, ...rest } = measure
  if (!choosing) return { state: { ...state, set: await finish(state.set) }, measure }
  const setAt = async (step: number): Promise<Tree> =>
    finish(step === state.step ? state.set : await loadSnapshot(folder, step))
  const candidate = async (step: number) => {
    const set = await expand(measure.parts.engine, parameterization, await setAt(step))
    return { name: `step ${step}`, data: dataOfSet(set) }
  }
  const steps = [...choosableSteps(state.step), state.step]
  const settled = known
    ? { measure: { ...rest, protocol: choosing.protocolAt(known.rate) }, choice: known }
    : await settle(measure, what, await Promise.all(steps.map(candidate)))
  const step = steps.find((one) => `step ${one}` === settled.choice?.candidate) ?? state.step
  return { ...settled, state: { ...state, step, set: await setAt(step) } }
}
