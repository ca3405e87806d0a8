import {
  checkArguments,
  type AnyGame,
  type AnyObjective,
  type Args,
  type Engine,
  type Key,
  type Optimizer,
  type Parameterization,
  type RealSource,
  type Tree,
} from '@haba/core'
import type { Differentiation } from './stepper.js'

/** A distillation: data, set, objective, optimizers and engine. */
export interface DistillSpec<P extends Tree = Tree> {
  readonly engine: Engine
  readonly key: Key
  readonly real: RealSource
  readonly parameterization: Parameterization<P>
  readonly objective: AnyObjective
  /** Updates the set's parameters. */
  readonly optimizer: Optimizer
  /** Updates what the objective learns, such as MTT's step size. @default setToZero */
  readonly objectiveOptimizer?: Optimizer
  /** @default [] */
  readonly games?: readonly AnyGame[]
  /** Total steps, including those of a resumed state. */
  readonly steps: number
  /** How recurrences are differentiated. @default recompute */
  readonly differentiation?: Differentiation
  /** Multiplies all learning rates once for each count in the state's `lowered`, `(0, 1)`. @default 0.5 */
  readonly lowerRates?: number
}

/** The complete state of a run: a run resumed from it is identical bit for bit. */
export type DistillState<P extends Tree = Tree> = {
  /** Steps taken. */
  readonly step: number
  readonly set: P
  readonly setOptimizer: Tree
  readonly objective: { readonly params: Tree; readonly optimizer: Tree; readonly state: Args }
  readonly games: readonly { readonly critic: Tree; readonly optimizer: Tree }[]
  /** How often learning rates were lowered because a step was not finite. @default 0 */
  readonly lowered?: number
}

/** The report of one step. */
export interface DistillReport<P extends Tree = Tree> {
  /** Steps taken, this one included. */
  readonly step: number
  /** Loss of the objective, before the update. */
  readonly loss: number
  /** Set loss of each game, before the update. */
  readonly penalties: readonly number[]
  /** Loss of each critic, after the update. */
  readonly critiques: readonly number[]
  /** Owned by the run until the next report is requested; the caller owns the last one. All values are finite. */
  readonly state: DistillState<P>
}

/** @throws HabaError naming the option that is absent or of another kind */
export const checkSpec = (who: string, spec: object): void =>
  void checkArguments(who, spec, {
    engine: 'engine',
    key: 'key',
    real: 'real',
    parameterization: 'parameterization',
    objective: 'objective',
    optimizer: 'optimizer',
    objectiveOptimizer: 'optimizer?',
    games: 'games?',
    steps: 'number',
  })
