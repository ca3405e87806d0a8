import type { Scalar, Tensor } from '@tensorflow/tfjs-core'
import { HabaError } from '../errors.js'
import { add, greater, maximum, minimum, where, sub } from '../ops/elementwise.js'
import { constant, fill } from '../ops/sources.js'
import type { Optimizer } from '../spec/optimizer.js'
import type { Tree } from '../spec/tree.js'
import { mapTree } from '../tree/tree.js'

/** The bounds of parameters, and how often they are enforced. */
export interface ProjectBoxOptions {
  /** Lower bounds: one for each channel (the last axis), or a single one. */
  readonly low: readonly number[]
  /** Upper bounds, as many as `low`, none below its lower bound. */
  readonly high: readonly number[]
  /** Steps from one clamp to the next. @default 1 */
  readonly every?: number
}

/** The state of `projectBox`: steps since the last clamp, and the optimizer's state. */
export type ProjectBoxState = { readonly since: Scalar; readonly inner: Tree }

/**
 * Clamps parameters to bounds, such as images to black and white. Momentum is unchanged. IDC's released code clamps before it
 * takes a new network: every 100 steps.
 *
 * @throws HabaError for bounds that cross or differ in number, or an interval below 1
 */
export function projectBox(
  { low, high, every = 1 }: ProjectBoxOptions,
  optimizer: Optimizer,
): Optimizer<ProjectBoxState> {
  if (low.length !== high.length || low.length === 0 || !low.every((bound, i) => bound <= high[i]!))
    throw new HabaError(
      'projectBox',
      'as many high bounds as low ones, none below its low bound',
      `[${low}] and [${high}]`,
      '',
    )
  if (!Number.isInteger(every) || every < 1)
    throw new HabaError('projectBox', 'every to be at least 1 step', `${every}`, '')
  return {
    init: (params) => ({ since: fill([], 0), inner: optimizer.init(params) }),
    update(grads, before, params) {
      const { updates, state } = optimizer.update(grads, before.inner, params)
      const count = add(before.since, 1)
      const due = greater(count, every - 0.5)
      const [lowest, highest] = [constant(low, [low.length]), constant(high, [high.length])]
      const clamped = (p: Tensor, u: Tensor) => sub(minimum(maximum(add(p, u), lowest), highest), p)
      return {
        updates: mapTree((u, p) => (every === 1 ? clamped(p, u) : where(due, clamped(p, u), u)), updates, params),
        state: { since: where(due, fill([], 0), count), inner: state },
      }
    },
  }
}
