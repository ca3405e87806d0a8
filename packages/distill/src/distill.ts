import { disposeTree, firstNotFinite, foldIn, copyOf, HabaError, notFiniteError, type Tree } from '@haba/core'
import { checkSpec, type DistillReport, type DistillSpec, type DistillState } from './spec.js'
import { startDistilling } from './start.js'
import { compileStep } from './step.js'

/**
 * Distills. At each step the objective draws, the set is updated by the gradient of its loss plus every game's set loss, each
 * critic is updated once on the new set, and the objective advances its state.
 *
 * If a loss, gradient, parameter or critic is not finite, the step is not taken: the state before it, which was reported
 * last, stays intact and belongs to the caller.
 *
 * @param from a state to resume from; the caller still owns it and disposes it @default a fresh start
 * @throws HabaError naming an invalid option; if a step is not finite, naming the first tensor that is not, and the step
 *   (`isNotFinite` recognizes this error)
 * @example
 * for await (const report of distill(spec)) console.log(report.step, report.loss)
 */
export async function* distill<P extends Tree>(
  spec: DistillSpec<P>,
  from?: DistillState<P>,
): AsyncGenerator<DistillReport<P>, void, void> {
  checkSpec('distill', spec)
  const { steps, key } = spec
  if (!Number.isInteger(steps) || steps < 1)
    throw new HabaError('distill', 'at least 1 step', `${steps}`, 'Change steps.')
  const take = compileStep(spec)
  // A copy that shares the values, because each step disposes the state before it.
  let state = from ? copyOf(from) : await startDistilling(spec)
  let reported = false
  try {
    const bad = firstNotFinite(state)
    if (bad)
      throw notFiniteError('distill', bad, `before step ${state.step + 1}`, 'Check the data and the initial set.')
    while (state.step < steps) {
      const report = await take(state, foldIn(foldIn(key, 'step'), state.step))
      state = report.state
      reported = true
      yield report
    }
  } finally {
    if (!reported) disposeTree(state)
  }
}
