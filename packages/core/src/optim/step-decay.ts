import type { Scalar } from '@tensorflow/tfjs-core'
import { HabaError } from '../errors.js'
import { add, exp, floor, mul } from '../ops/elementwise.js'
import { fill } from '../ops/sources.js'
import type { Optimizer } from '../spec/optimizer.js'
import type { Tree } from '../spec/tree.js'
import { mapTree } from '../tree/tree.js'

/** The schedule of `stepDecay`. */
export interface StepDecayOptions {
  /** Steps between two drops, at least 1. */
  readonly every: number
  /** Multiplies the step size at each drop, `(0, 1]`. */
  readonly factor: number
}

/** The state of `stepDecay`: the number of steps taken, and the optimizer's state. */
export type StepDecayState = { readonly taken: Scalar; readonly inner: Tree }

/**
 * Multiplies an optimizer's steps by `factor` after every `every` steps (DD: by 0.5 every 40 epochs).
 *
 * @throws HabaError for an interval below 1 or a factor outside `(0, 1]`
 */
export function stepDecay({ every, factor }: StepDecayOptions, optimizer: Optimizer): Optimizer<StepDecayState> {
  if (!(every >= 1)) throw new HabaError('stepDecay', 'every to be at least 1 step', `${every}`, '')
  if (!(factor > 0 && factor <= 1)) throw new HabaError('stepDecay', 'a factor in (0, 1]', `${factor}`, '')
  return {
    init: (params) => ({ taken: fill([], 0), inner: optimizer.init(params) }),
    update(grads, { taken, inner }, params) {
      const { updates, state } = optimizer.update(grads, inner, params)
      // Half a step is added so that rounding never delays a drop.
      const drops = floor(mul(add(taken, 0.5), 1 / every))
      const scale = exp(mul(drops, Math.log(factor)))
      return {
        updates: mapTree((u) => mul(u, scale), updates),
        state: { taken: add(taken, 1), inner: state },
      }
    },
  }
}
