import type { Scalar } from '@tensorflow/tfjs-core'
import {
  add,
  disposeTree,
  mapTree,
  tensor,
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

/** The matching loss of one step with its gradients; all trees belong to the caller. */
export interface ObjectiveGradient {
  readonly loss: number
  readonly set: Tree
  readonly params: Tree
}

/** An objective's compiled loss and gradient for what was drawn. */
export type DifferentiatedObjective = (set: Tree, params: Tree, drawn: Drawn<Args, Args>) => Promise<ObjectiveGradient>

/** What objectives and games see of parameters. */
export const bind = <P extends Tree>(parameterization: Parameterization<P>, params: P): Synthetic => ({
  layout: parameterization.layout,
  render: (rows: Rows) => parameterization.render(params, rows),
})

const plus = <T extends Tree>(a: T, b: T): T => mapTree((x, y) => add(x, y), a, b)

/** Compiles an objective's gradient: term by term for a sum, step by step backwards for a recurrence. */
export function differentiate(
  engine: Engine,
  parameterization: Parameterization<Tree>,
  objective: AnyObjective,
  differentiation: Differentiation,
): DifferentiatedObjective {
  return objective.kind === 'sum'
    ? differentiateSum(engine, parameterization, objective as unknown as SumObjective)
    : differentiateRecurrence(engine, parameterization, objective as unknown as RecurrenceObjective, differentiation)
}

/** One term at a time, so that the memory is that of one term. */
function differentiateSum(
  engine: Engine,
  parameterization: Parameterization<Tree>,
  objective: SumObjective,
): DifferentiatedObjective {
  const term = engine.compile(
    `${objective.name}/term`,
    (set: Tree, params: Tree, common: Args, item: Args, before: ObjectiveSum) => {
      const { value, grad } = valueAndGrad(
        (x) => objective.term(bind(parameterization, x.set), x.params, common, item),
        { set, params },
      )
      return plus(before, { loss: value, ...grad })
    },
  )
  return async (set, params, { common, items }) => {
    let total: ObjectiveSum = { loss: tensor([0], []) as Scalar, set: zerosOf(set), params: zerosOf(params) }
    for (const item of items) {
      const next = await term(set, params, common, item, total)
      disposeTree(total)
      total = next
    }
    const loss = (await total.loss.data())[0]!
    total.loss.dispose()
    return { loss, set: total.set, params: total.params }
  }
}

type ObjectiveSum = { readonly loss: Scalar; readonly set: Tree; readonly params: Tree }

/**
 * The exact adjoint of a recurrence (engine notes in docs; spec §5.3): forward through the steps, then back with the
 * cotangent of the carry, adding up what each step's input owes to the set.
 */
function differentiateRecurrence(
  engine: Engine,
  parameterization: Parameterization<Tree>,
  objective: RecurrenceObjective,
  differentiation: Differentiation,
): DifferentiatedObjective {
  const { name } = objective
  const render = (set: Tree, common: Args, item: Args) => objective.input(bind(parameterization, set), common, item)
  const input = engine.compile(`${name}/input`, render)
  const pullInput = engine.compile(
    `${name}/input adjoint`,
    (set: Tree, common: Args, item: Args, cotangent: Tree, before: Tree) =>
      plus(before, vjp((x: Tree) => render(x, common, item), set).pull(cotangent)),
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

  return async (set, params, { common, items }) => {
    const passed = common as Tree
    const inputs: Tree[] = []
    const kept: Tree[] = []
    const carries: Tree[] = [await start(common)]
    for (const [i, item] of items.entries()) {
      inputs.push(await input(set, common, item))
      const taken = await step.forward(params, passed, carries[i]!, inputs[i]!)
      carries.push(taken.carry)
      kept.push(taken.kept)
    }
    const last = await finish(params, common, carries.at(-1)!)
    const loss = (await last.value.data())[0]!
    let { params: ofParams, carry: cotangent } = last.grad
    let ofSet = zerosOf(set)
    for (let i = items.length - 1; i >= 0; i--) {
      const back = await step.backward(params, passed, carries[i]!, inputs[i]!, kept[i]!, cotangent)
      const moved = await pullInput(set, common, items[i]!, back.input, ofSet)
      const learned = await sum(ofParams, back.params)
      disposeTree(cotangent, ofSet, ofParams, back.params, back.input, carries[i + 1]!, inputs[i]!, kept[i]!)
      ;[cotangent, ofSet, ofParams] = [back.carry, moved, learned]
    }
    disposeTree(cotangent, carries[0]!, last.value)
    return { loss, set: ofSet, params: ofParams }
  }
}
