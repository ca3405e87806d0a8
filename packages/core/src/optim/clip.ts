import { innerProduct } from '../autodiff/inner.js'
import { HabaError } from '../errors.js'
import { div, maximum, mul, sqrt } from '../ops/elementwise.js'
import type { Optimizer } from '../spec/optimizer.js'
import type { Tree } from '../spec/tree.js'
import { mapTree } from '../tree/tree.js'

/**
 * Scales gradients whose Euclidean norm, over all parts together, is above `largest` down to that norm; shorter ones stay
 * as they are (optax's `clip_by_global_norm`, PyTorch's `clip_grad_norm_`; RTP clips to 2).
 *
 * @param largest above 0
 * @param optimizer of the clipped gradient; for all parts, `partition` goes inside
 * @throws HabaError for a norm that is not above 0
 */
export function clipByGlobalNorm<S extends Tree>(largest: number, optimizer: Optimizer<S>): Optimizer<S> {
  if (!(largest > 0 && Number.isFinite(largest)))
    throw new HabaError('clipByGlobalNorm', 'a norm above 0', `${largest}`, 'Leave it out to clip nothing.')
  return {
    init: optimizer.init,
    update: (grads, state, params) => {
      const scale = div(largest, maximum(sqrt(innerProduct(grads, grads)), largest))
      return optimizer.update(
        mapTree((g) => mul(g, scale), grads),
        state,
        params,
      )
    },
  }
}
