import type { Scalar } from '@tensorflow/tfjs-core'
import {
  add,
  checkArguments,
  disposeOnThrow,
  disposeTree,
  mapTree,
  scalar,
  valueAndGrad,
  vjp,
  zerosOf,
  type AnyObjective,
  type Args,
  type Drawn,
  type Engine,
  type Parameterization,
  type RecurrenceObjective,
  type Rows,
  type SumObjective,
  type Synthetic,
  type Tree,
} from '@haba/core'
import type { Differentiation } from './stepper.js'

/** The objective's loss of one step with its gradients; the caller owns all trees. */
export interface ObjectiveGradient<P extends Tree = Tree> {
  readonly loss: number
  readonly set: P
  readonly params: Tree
}

/** The compiled loss and gradient of an objective for a draw. */
export type DifferentiatedObjective<P extends Tree = Tree> = (
  set: P,
  params: Tree,
  drawn: Drawn<Args, Args>,
) => Promise<ObjectiveGradient<P>>

/** Parameters as the `Synthetic` that objectives and games see. */
export const bind = <P extends Tree>(parameterization: Parameterization<P>, params: P): Synthetic => ({
  layout: parameterization.layout,
  render: (rows: Rows) => parameterization.render(params, rows),
})

const plus = <T extends Tree>(a: T, b: T): T => mapTree((x, y) => add(x, y), a, b)

/** Compiles an objective's gradient: term by term for a sum, step by step backwards for a recurrence. */
export function differentiate<P extends Tree>(
  engine: Engine,
  parameterization: Parameterization<P>,
  objective: AnyObjective,
  differentiation: Differentiation,
): DifferentiatedObjective<P> {
  checkArguments(
    'differentiate',
    { engine, parameterization, objective },
    { engine: 'engine', parameterization: 'parameterization', objective: 'objective' },
  )
  return objective.kind === 'sum'
    ? differentiateSum(engine, parameterization, objective)
    : differentiateRecurrence(engine, parameterization, objective, differentiation)
}

/** One term at a time, so that memory holds only one term. */
function differentiateSum<P extends Tree>(
  engine: Engine,
  parameterization: Parameterization<P>,
  objective: SumObjective,
): DifferentiatedObjective<P> {
  const term = engine.compile(
    `${objective.name}/term`,
    (set: P, params: Tree, common: Args, item: Args, before: ObjectiveSum<P>) => {
      const { value, grad } = valueAndGrad(
        (x) => objective.term(bind(parameterization, x.set), x.params, common, item),
        { set, params },
      )
      return plus(before, { loss: value, ...grad })
    },
  )
  return (set, params, { common, items }) =>
    disposeOnThrow(async (own) => {
      let total: ObjectiveSum<P> = own({ loss: scalar(0), set: zerosOf(set), params: zerosOf(params) })
      for (const item of items) {
        const next = own(await term(set, params, common, item, total))
        disposeTree(total)
        total = next
      }
      const loss = (await total.loss.data())[0]!
      total.loss.dispose()
      return { loss, set: total.set, params: total.params }
    })
}

type ObjectiveSum<P extends Tree> = { readonly loss: Scalar; readonly set: P; readonly params: Tree }

/**
 * The exact adjoint of a recurrence (reverse mode over stored carries): forward through the steps, then back with the
 * cotangent of the carry, accumulating each step's gradient with respect to the set.
 */
function differentiateRecurrence<P extends Tree>(
  engine: Engine,
  parameterization: Parameterization<P>,
  objective: RecurrenceObjective,
  differentiation: Differentiation,
): DifferentiatedObjective<P> {
  const { name } = objective
  const render = (set: P, common: Args, item: Args) => objective.input(bind(parameterization, set), common, item)
  const input = engine.compile(`${name}/input`, render)
  const pullInput = engine.compile(
    `${name}/input adjoint`,
    (set: P, common: Args, item: Args, cotangent: Tree, before: P) =>
      plus(before, vjp((x: P) => render(x, common, item), set).pull(cotangent)),
  )
  const start = engine.compile(`${name}/start`, (common: Args) => objective.start(common))
  const finish = engine.compile(`${name}/finish`, (params: Tree, common: Args, carry: Tree) =>
    valueAndGrad((x) => objective.finish(x.params, common, x.carry), { params, carry }),
  )
  const step = differentiation.compile(
    engine,
    name,
    (params, common, carry, x) => objective.step(params, common, carry, x),
    objective.hasVelocity,
  )
  const sum = engine.compile(`${name}/sum`, plus)

  return (set, params, { common, items }) =>
    disposeOnThrow(async (own) => {
      const passed = common as Tree
      const inputs: Tree[] = []
      const kept: Tree[] = []
      const carries: Tree[] = [own(await start(common))]
      for (const [i, item] of items.entries()) {
        inputs.push(own(await input(set, common, item)))
        const taken = own(await step.forward(params, passed, carries[i]!, inputs[i]!))
        carries.push(taken.carry)
        kept.push(taken.kept)
      }
      const last = own(await finish(params, common, carries.at(-1)!))
      const loss = (await last.value.data())[0]!
      let { params: ofParams, carry: cotangent } = last.grad
      let ofSet = own(zerosOf(set))
      for (let i = items.length - 1; i >= 0; i--) {
        const back = own(await step.backward(params, passed, carries[i]!, inputs[i]!, kept[i]!, cotangent))
        const moved = own(await pullInput(set, common, items[i], back.input, ofSet))
        const learned = own(await sum(ofParams, back.params))
        disposeTree(cotangent, ofSet, ofParams, back.params, back.input, carries[i + 1], inputs[i], kept[i])
        ;[cotangent, ofSet, ofParams] = [back.carry, moved, learned]
      }
      disposeTree(cotangent, carries[0], last.value)
      return { loss, set: ofSet, params: ofParams }
    })
}
