import {
  add,
  disposeTree,
  drawBatches,
  drawView,
  foldIn,
  innerProduct,
  mapTree,
  rowsOf,
  scalar,
  student as studentOf,
  sub,
  tensor,
  type AnyObjective,
  type Batch,
  type None,
  type RecurrenceObjective,
  type Rows,
  type Tree,
} from '@haba/core'
import { tinyNetwork } from '@haba/testing'
import type { Scalar } from '@tensorflow/tfjs-core'

type Common = { readonly start: Tree; readonly target: Tree }

/** A small trajectory matching: a student of the set should reach given weights. @param momentum @default 0 */
export function studentObjective({
  steps,
  momentum = 0,
}: {
  readonly steps: number
  readonly momentum?: number
}): AnyObjective {
  const network = tinyNetwork()
  const student = studentOf(network, momentum)
  const objective: RecurrenceObjective<Common, Rows, { readonly rate: Scalar }, None, Tree, Batch> = {
    kind: 'recurrence',
    name: 'student',
    hasVelocity: momentum > 0,
    init: () => ({ params: { rate: scalar(0.3) }, state: {} }),
    draw: async (key, { layout }) => {
      const { weights } = network.init(foldIn(key, 'network'))
      const shifted = network.init(foldIn(key, 'target')).weights
      const target = mapTree(
        (w, t) => tensor(w.dataSync().map((v, i) => v + 0.1 * t.dataSync()[i]!) as Float32Array, w.shape),
        weights,
        shifted,
      )
      disposeTree(shifted)
      const items = drawBatches(foldIn(key, 'rows'), layout, steps, 4).map((slots, i) =>
        rowsOf(slots, drawView(foldIn(foldIn(key, 'view'), i), layout)),
      )
      return { common: { start: weights, target }, items }
    },
    start: ({ start }) => student.start(start),
    input: (set, _, rows) => set.render(rows),
    step: ({ rate }, _, carry, input) => student.step(carry, input, rate),
    finish: (_, { target }, carry) => {
      const away = mapTree((a, b) => sub(a, b), student.weights(carry), target)
      return add(innerProduct(away, away), 0) as Scalar
    },
  }
  return objective
}
