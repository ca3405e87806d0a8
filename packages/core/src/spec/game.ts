import type { Scalar } from '@tensorflow/tfjs-core'
import type { Optimizer } from './optimizer.js'
import type { Key } from './random.js'
import type { Layout, Synthetic } from './synthetic.js'
import type { Args, Tree } from './tree.js'

/** An extra loss beside any objective. A plain regularizer is a game without a critic (`None`). */
export interface Game<Move extends Args = Args, Critic extends Tree = Tree> {
  readonly name: string
  /** Updates the critic once per step, after the set. */
  readonly optimizer: Optimizer
  /** Whether the set loss is multiplied by the objective's loss of the step, held constant. @default false */
  readonly relative?: boolean
  /** Makes a critic. Throws for layouts that the game does not support, such as a single view. */
  init(key: Key, layout: Layout): Critic
  /** Called twice per step: for the set loss, and again for the critic loss. The caller owns the draw. */
  draw(key: Key, layout: Layout): Move
  /** The set loss; differentiated with respect to the set only. */
  penalty(move: Move, set: Synthetic, critic: Critic): Scalar
  /** The critic loss, on the updated set; differentiated with respect to the critic only. */
  critique(move: Move, set: Synthetic, critic: Critic): Scalar
}
