import { HabaError } from '../errors.js'
import { add, div, maximum, mul, square, sub } from '../ops/elementwise.js'
import type { Optimizer } from '../spec/optimizer.js'
import type { Tree } from '../spec/tree.js'
import { mapTree } from '../tree/tree.js'

/** Lower bound of the divisor `1 - p²`: at and beyond the bounds the gradient is large and finite, and points inwards. */
const NEAR = 1e-3

/**
 * Adds the gradient of `-weight · mean log(1 - p²)` before each step, as weight decay adds that of `p²`. It keeps parameters
 * between -1 and 1, such as the centers of Gaussians (GSDD's boundary loss, weight 0.1). The mean is taken over each tensor.
 *
 * @param weight at least 0
 * @throws HabaError for a weight below 0
 */
export function boundary<S extends Tree>(weight: number, optimizer: Optimizer<S>): Optimizer<S> {
  if (!(weight >= 0) || !Number.isFinite(weight))
    throw new HabaError('boundary', 'a weight of at least 0', `${weight}`, 'Change the weight.')
  return {
    init: optimizer.init,
    update(grads, state, params) {
      const pushed = mapTree(
        (g, p) => add(g, mul(div(p, maximum(sub(1, square(p)), NEAR)), (2 * weight) / p.size)),
        grads,
        params,
      )
      return optimizer.update(pushed, state, params)
    },
  }
}
