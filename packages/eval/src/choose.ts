import { checkArguments, foldIn, HabaError, type RealSource } from '@haba/core'
import { evaluateOn, type EvaluateOptions } from './evaluate.js'
import type { Protocol } from './protocol.js'
import type { Accuracy } from './statistics.js'
import type { TrainingData } from './train-under.js'

/** A candidate, such as the set at one checkpoint of a run. */
export interface Candidate {
  readonly name: string
  readonly data: TrainingData
}

/** The result of one candidate at one learning rate on validation data. */
export interface Trial {
  readonly candidate: string
  readonly rate: number
  /** Mean validation accuracy. */
  readonly mean: number
}

/** The chosen candidate, and all trials. */
export interface Choice extends Trial {
  readonly trials: readonly Trial[]
}

/** Options of `chooseOnValidation`. */
export interface ChooseOptions extends Omit<EvaluateOptions, 'protocol' | 'test'> {
  /** In order; the last one is the final set of the run. */
  readonly candidates: readonly Candidate[]
  readonly rates: readonly number[]
  /** Held out of the training data and unseen by distillation. */
  readonly validation: RealSource
  /** Makes the protocol for a learning rate. */
  readonly protocolAt: (rate: number) => Protocol
  /** Networks per trial. @default 1 */
  readonly trialNetworks?: number
  /** Called after every trial. */
  readonly onTrial?: (trial: Trial) => void
}

/**
 * Chooses by validation accuracy: first a learning rate for the last candidate, then a candidate at that rate. The first of
 * equal ones wins.
 */
export async function chooseOnValidation(options: ChooseOptions): Promise<Choice> {
  checkArguments('chooseOnValidation', options, {
    candidates: 'list',
    rates: 'list',
    validation: 'real',
    protocolAt: 'function',
    engine: 'engine',
    network: 'network',
    key: 'key',
  })
  const { candidates, rates, validation, protocolAt, trialNetworks = 1, onTrial, onNetwork: _, ...rest } = options
  const last = candidates.at(-1)
  if (!last || rates.length === 0)
    throw new HabaError('chooseOnValidation', 'candidates and rates', 'none', 'Pass at least one of each.')
  const trials: Trial[] = []
  const attempt = async ({ name, data }: Candidate, rate: number) => {
    const key = foldIn(rest.key, 'trial')
    const how = { ...rest, protocol: protocolAt(rate), test: validation, networks: trialNetworks, key }
    const { mean } = await evaluateOn(data, how)
    trials.push({ candidate: name, rate, mean })
    onTrial?.(trials.at(-1)!)
  }
  for (const rate of rates) await attempt(last, rate)
  const { rate } = best(trials)
  for (const candidate of candidates.slice(0, -1)) await attempt(candidate, rate)
  return { ...best(trials), trials }
}

const best = (trials: readonly Trial[]) => trials.reduce((a, b) => (b.mean > a.mean ? b : a))

/** A test accuracy and the choice it belongs to. */
export interface ChosenAccuracy extends Accuracy {
  readonly choice: Choice
  readonly protocol: Protocol
}

/** Chooses on validation data, then tests fresh networks of the chosen candidate. Only they see the test set. */
export async function evaluateChosen(options: ChooseOptions & Pick<EvaluateOptions, 'test'>): Promise<ChosenAccuracy> {
  const choice = await chooseOnValidation(options)
  const { data } = options.candidates.find(({ name }) => name === choice.candidate)!
  const protocol = options.protocolAt(choice.rate)
  return { ...(await evaluateOn(data, { ...options, protocol })), choice, protocol }
}
