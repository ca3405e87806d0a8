import type { Scalar } from '@tensorflow/tfjs-core'
import {
  add,
  type Args,
  type Drawn,
  type RecurrenceObjective,
  type SumObjective,
  type Synthetic,
  type Tree,
} from '@haba/core'

/** Any objective. */
export type Objective = SumObjective | RecurrenceObjective

/**
 * The loss of an objective written out as it is defined: the sum of all terms, or all student steps one after another.
 * What a distiller computes piece by piece must agree with this.
 */
export function straightThrough(
  objective: Objective,
  set: Synthetic,
  params: Tree,
  { common, items }: Drawn<Args, Args>,
): Scalar {
  if (objective.kind === 'sum')
    return items.map((item) => objective.term(set, params, common, item)).reduce((total, term) => add(total, term))
  const carry = items.reduce<Tree>(
    (before, item) => objective.step(params, common, before, objective.input(set, common, item)),
    objective.start(common),
  )
  return objective.finish(params, common, carry)
}
