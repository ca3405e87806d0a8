import type { Scalar } from '@tensorflow/tfjs-core'
import type { Optimizer } from './optimizer.js'
import type { Key } from './random.js'
import type { Layout, Synthetic } from './synthetic.js'
import type { Args, Tree } from './tree.js'

/** An add-on to any objective. One without a critic is made by `regularizer`. */
export interface Game<Move extends Args = Args, Critic extends Tree = Tree> {
  readonly name: string
  /** How the critic moves, once a step, after the set has moved. */
  readonly optimizer: Optimizer
  /** Whether the penalty is multiplied by the objective's loss of the step, which is held constant. @default false */
  readonly relative?: boolean
  /** Refuses, by name, layouts it cannot play on (such as a single view). */
  init(key: Key, layout: Layout): Critic
  /** Drawn twice a step: for the penalty, and again for the critique. The caller owns it. */
  draw(key: Key, layout: Layout): Move
  /** The set loss of a game; differentiated with respect to the set only. */
  penalty(move: Move, set: Synthetic, critic: Critic): Scalar
  /** What the critic minimizes, on the updated set; differentiated in the critic only. */
  critique(move: Move, set: Synthetic, critic: Critic): Scalar
}
