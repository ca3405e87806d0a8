import type { Tensor } from '@tensorflow/tfjs-core'
import { add, div, greater, maximum, minimum, where, sub } from '../ops/elementwise.js'
import { sum } from '../ops/layout.js'
import type { Optimizer } from '../spec/optimizer.js'
import type { Tree } from '../spec/tree.js'
import { mapTree } from '../tree/tree.js'

/**
 * Keeps rows (the last axis) probabilities: after each step values are clamped to [0, 1] and every row is divided by its sum
 * (label distillation). A row of zeros becomes uniform; the released code makes it NaN.
 */
export const projectSimplex = <S extends Tree>(optimizer: Optimizer<S>): Optimizer<S> => ({
  init: optimizer.init,
  update: (grads, before, params) => {
    const { updates, state } = optimizer.update(grads, before, params)
    return { state, updates: mapTree((u, p) => sub(probabilities(add(p, u)), p), updates, params) }
  },
})

function probabilities(rows: Tensor): Tensor {
  const clamped = minimum(maximum(rows, 0), 1)
  const total = sum(clamped, rows.rank - 1, true)
  return where(greater(total, 0), div(clamped, maximum(total, 1e-12)), 1 / rows.shape.at(-1)!)
}
