import { rowsOf, type AnyObjective, type Engine, type Tree } from '@haba/core'
import { differentiate, recompute } from '@haba/distill'
import type { Tensor } from '@tensorflow/tfjs-core'
import { imagesOf, oneHotOf, rowsAt } from '../layouts.js'
import type { GoldenSet } from '../sets.js'

/** What one class of a sum objective compares. */
export interface ClassBatch {
  readonly label: number
  /** The real images of the class, as in the file. */
  readonly real: Tensor
  /** The set's items of the class, as indices of the file, and under which view. */
  readonly synthetic: readonly number[]
  readonly view: number
}

/** The loss and gradient of a sum objective whose draw is given. */
export function differentiateSum(
  engine: Engine,
  objective: AnyObjective,
  set: GoldenSet,
  network: { readonly weights: Tree; readonly state: Tree; readonly classes: number },
  batches: readonly ClassBatch[],
) {
  const { weights, state, classes } = network
  const items = batches.map(({ label, real, synthetic, view }) => ({
    real: imagesOf(real),
    targets: oneHotOf(Array<number>(real.shape[0]!).fill(label), classes),
    rows: rowsOf(set.slots(synthetic), view),
    augment: {},
  }))
  return differentiate(
    engine,
    set.parameterization,
    objective,
    recompute,
  )(
    set.params,
    {},
    {
      common: { weights, state, statistics: [] },
      items,
    },
  )
}

/** All of a file's real images of one class. */
export const realOf = (real: Tensor, labels: readonly number[], label: number): Tensor =>
  rowsAt(
    real,
    [...labels.keys()].filter((i) => labels[i] === label),
  )

export const indicesOf = (batch: Tensor): number[] => [...Array(batch.shape[0]).keys()]
