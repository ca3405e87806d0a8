import {
  add,
  grad,
  mapTree,
  vjp,
  type Args,
  type Drawn,
  type Engine,
  type Parameterization,
  type RecurrenceObjective,
  type Tree,
} from '@haba/core'
import { bind } from './bind.js'

export interface AdjointGradientOptions {
  readonly objective: RecurrenceObjective
  readonly set: Parameterization<Tree>
  readonly learned: { readonly set: Tree; readonly params: Tree }
  readonly drawn: Drawn<Args, Args>
  readonly engine: Engine
}

/** The gradient of a recurrence in the memory of one step: carries are stored, and each step is pulled back by itself. */
export async function adjointGradient({
  objective,
  set,
  learned,
  drawn: { common, items },
  engine,
}: AdjointGradientOptions): Promise<{ readonly set: Tree; readonly params: Tree }> {
  const params = learned.params
  const start = engine.compile('start', (c: Args) => objective.start(c))
  const input = engine.compile('input', (p: Args, c: Args, item: Args) =>
    objective.input(bind(set, p as Tree), c, item),
  )
  const step = engine.compile('step', (p: Args, c: Args, carry: Args, x: Args) =>
    objective.step(p as Tree, c, carry as Tree, x as Tree),
  )
  const last = engine.compile('last', (p: Args, c: Args, carry: Args) =>
    grad((at: { params: Tree; carry: Tree }) => objective.finish(at.params, c, at.carry), {
      params: p as Tree,
      carry: carry as Tree,
    }),
  )
  const back = engine.compile('back', (p: Args, c: Args, carry: Args, x: Args, later: Args) =>
    vjp((at: { params: Tree; carry: Tree; input: Tree }) => objective.step(at.params, c, at.carry, at.input), {
      params: p as Tree,
      carry: carry as Tree,
      input: x as Tree,
    }).pull(later as Tree),
  )
  const intoSet = engine.compile('into set', (p: Args, c: Args, item: Args, later: Args) =>
    vjp((at: Tree) => objective.input(bind(set, at), c, item), p as Tree).pull(later as Tree),
  )
  const sum = engine.compile('sum', (a: Args, b: Args) => mapTree((x, y) => add(x, y), a, b) as Tree)
  const added = async (a: Tree | undefined, b: Tree) => (a === undefined ? b : sum(a, b))

  const carries = [await start(common)]
  const inputs: Tree[] = []
  for (const item of items) {
    inputs.push(await input(learned.set, common, item))
    carries.push(await step(params, common, carries.at(-1), inputs.at(-1)))
  }
  const ended = await last(params, common, carries.at(-1))
  let [ofParams, later, ofSet]: [Tree, Tree, Tree | undefined] = [ended.params, ended.carry, undefined]
  for (let i = items.length - 1; i >= 0; i--) {
    const part = await back(params, common, carries[i], inputs[i], later)
    ofParams = await added(ofParams, part.params)
    later = part.carry
    ofSet = await added(ofSet, await intoSet(learned.set, common, items[i], part.input))
  }
  return { set: ofSet!, params: ofParams }
}
