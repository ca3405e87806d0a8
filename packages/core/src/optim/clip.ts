import { innerProduct } from '../autodiff/inner.js'
import { HabaError } from '../errors.js'
import { div, maximum, mul, sqrt } from '../ops/elementwise.js'
import type { Optimizer } from '../spec/optimizer.js'
import type { Tree } from '../spec/tree.js'
import { mapTree } from '../tree/tree.js'

/**
 * Clips gradients to a Euclidean norm of at most `largest`, over all parts together (optax's `clip_by_global_norm`,
 * PyTorch's `clip_grad_norm_`; RTP clips to 2).
 *
 * @param largest above 0
 * @param optimizer takes the clipped gradient; a `partition` belongs inside, so that the norm is over all parts
 * @throws HabaError for a norm that is not above 0
 */
export function clipByGlobalNorm<S extends Tree>(largest: number, optimizer: Optimizer<S>): Optimizer<S> {
  if (!(largest > 0 && Number.isFinite(largest)))
    throw new HabaError('clipByGlobalNorm', 'a norm above 0', `${largest}`, 'Leave it out to disable clipping.')
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
