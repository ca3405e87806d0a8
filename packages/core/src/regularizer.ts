import type { Scalar } from '@tensorflow/tfjs-core'
import { fill } from './ops/sources.js'
import { setToZero } from './optim/sgd.js'
import { drawViews, rowsOf } from './rows.js'
import type { Game } from './spec/game.js'
import type { Key } from './spec/random.js'
import type { Layout, Rows, Synthetic } from './spec/synthetic.js'
import type { None } from './spec/tree.js'

/** Every slot once, each under a view of its own. */
const everySlot = (key: Key, layout: Layout): Rows =>
  rowsOf(
    Int32Array.from({ length: layout.slots }, (_, slot) => slot),
    drawViews(key, layout, layout.slots),
  )

/**
 * A game without a critic: at each step its penalty is added to the loss of the set. The critic loss that a run reports
 * for it is 0.
 *
 * @param name unique among the games of a run
 * @param penalty a scalar, already weighted; its gradient goes to the set
 * @param draw which slots under which views it sees @default each slot once, under a random view
 * @example
 * regularizer('brightness', (set, rows) => mul(mean(square(set.render(rows).images)), 0.1))
 */
export const regularizer = (
  name: string,
  penalty: (set: Synthetic, rows: Rows) => Scalar,
  draw: (key: Key, layout: Layout) => Rows = everySlot,
): Game<Rows, None> => ({
  name,
  optimizer: setToZero,
  init: () => ({}),
  draw,
  penalty: (rows, set) => penalty(set, rows),
  critique: () => fill([], 0),
})
