import type { Scalar } from '@tensorflow/tfjs-core'
import type { RealSource } from './dataset.js'
import type { Key } from './random.js'
import type { Batch } from './batch.js'
import type { Engine } from './engine.js'
import type { Network } from './network.js'
import type { Layout, Rows, Synthetic } from './synthetic.js'
import type { Args, Tree } from './tree.js'

/** What an objective drew for one step: trees of tensors; other leaves are static. (A type, because an interface is not an `Args`.) */
export type Drawn<Common extends Args, Item extends Args> = {
  readonly common: Common
  readonly items: readonly Item[]
}

/** What an objective draws from. */
export interface DrawContext<S extends Args> {
  readonly real: RealSource
  readonly layout: Layout
  readonly state: S
}

/** What `advance` may use: the set after this step's update. */
export interface AdvanceContext<S extends Args> {
  readonly engine: Engine
  readonly real: RealSource
  readonly layout: Layout
  /** Renders the updated set; the caller owns the batch. */
  render(rows: Rows): Promise<Batch>
  readonly state: S
}

/** One gradient step of training on a finished set, on these slots under these views. */
export interface PrescribedStep {
  /** `0 … slots-1`. */
  readonly slots: Int32Array
  /** `0 … views-1`, one for each slot. */
  readonly views: Int32Array
  /** Step size, above 0. */
  readonly learningRate: number
}

/** How networks are trained on a finished set, if the objective learns that, too: initial weights and steps. */
export interface Prescription {
  readonly steps: readonly PrescribedStep[]
  /** Momentum of SGD, `[0, 1)`. @default 0 */
  readonly momentum?: number
  /** Weights to start from; the caller owns them. */
  initial(network: Network, key: Key): { readonly weights: Tree; readonly state: Tree }
}

interface ObjectiveBase<Common extends Args, Item extends Args, P extends Tree, S extends Args> {
  readonly name: string
  /** `params` are learned with the set (MTT's step size); `state` is carried from step to step (DC's network). */
  init(key: Key): { readonly params: P; readonly state: S }
  /** All randomness and all input and output of one step happen here. The caller owns the draw. */
  draw(key: Key, from: DrawContext<S>): Promise<Drawn<Common, Item>>
  /**
   * The state of the next step; not differentiated. It owns the old state's tensors: it keeps or disposes them.
   * Absent if no state is carried.
   */
  advance?(key: Key, from: AdvanceContext<S>): Promise<S>
  /** Lower bounds of learned parts, by name, such as `{ rate: 1e-6 }`. @default none */
  readonly least?: Readonly<Record<string, number>>
}

/** A sum of terms over items (an item is a class, or all of them): DM, DC, DSA, DCC, CAFE. */
export interface SumObjective<
  Common extends Args = Args,
  Item extends Args = Args,
  P extends Tree = Tree,
  S extends Args = Args,
> extends ObjectiveBase<Common, Item, P, S> {
  readonly kind: 'sum'
  term(set: Synthetic, params: P, common: Common, item: Item): Scalar
}

/**
 * Trains a student step by step and ends with a loss: MTT, DD, LD. Item i becomes the input of step i. Only `input` sees the
 * set; `step` is one fixed function, so it compiles once however the input was augmented.
 */
export interface RecurrenceObjective<
  Common extends Args = Args,
  Item extends Args = Args,
  P extends Tree = Tree,
  S extends Args = Args,
  Carry extends Tree = Tree,
  Input extends Tree = Tree,
> extends ObjectiveBase<Common, Item, P, S> {
  readonly kind: 'recurrence'
  /** Whether the carry is `MovingWeights` (`student` with momentum), for differentiations that hold weights constant. @default false */
  readonly hasVelocity?: boolean
  start(common: Common): Carry
  input(set: Synthetic, common: Common, item: Item): Input
  step(params: P, common: Common, carry: Carry, input: Input): Carry
  finish(params: P, common: Common, carry: Carry): Scalar
}

/** For schedules that depend on the objective's state, such as the number of networks so far (CAFE). */
export interface HasLearningRateScale<S extends Args = Args> {
  /** Multiplier (> 0) on the set's update. */
  learningRateScale(state: S): number
}

/** For objectives that learn, with the set, the sequence of training steps that suits it (DD). */
export interface Prescribes<P extends Tree = Tree> {
  prescribe(params: P, layout: Layout): Prescription
}
