import {
  disposeTree,
  drawSome,
  foldIn,
  setToZero,
  HabaError,
  indicesByClass,
  tensor,
  type Batch,
  type Key,
  type Optimizer,
  type RealSource,
  type Tree,
} from '@haba/core'
import { fit, startFitting } from './fit.js'
import { checkSpec, type DistillSpec, type DistillState } from './spec.js'

/** The initial parameters of a set, before `fit`. */
export const initialSet = <P extends Tree>({ key, real, parameterization }: DistillSpec<P>): Promise<P> =>
  parameterization.init(
    foldIn(key, 'set'),
    (perClass) => drawRealImages(foldIn(key, 'seed'), real, perClass),
    Math.min(...indicesByClass(real.labels, real.classes).map(({ length }) => length)),
  )

/** The set before the first step: initialized, and fitted if its parameterization has a `fit`. */
async function startSet<P extends Tree>(spec: DistillSpec<P>): Promise<P> {
  const set = await initialSet(spec)
  if (!spec.parameterization.fit) return set
  let state = await startFitting(spec, set)
  for await (const report of fit(spec, state)) state = report.state
  disposeTree(state.optimizer)
  return state.set
}

/**
 * The state before the first step.
 *
 * @param from the set to start from; the state owns it then @default initialSet(spec), fitted if its parameterization has a `fit`
 */
export async function startDistilling<P extends Tree>(spec: DistillSpec<P>, from?: P): Promise<DistillState<P>> {
  checkSpec('startDistilling', spec)
  const { key, parameterization, objective, optimizer, objectiveOptimizer = setToZero, games = [], engine } = spec
  const set = from ?? (await startSet(spec))
  const { params, state } = objective.init(foldIn(key, 'objective'))
  const init = (which: Optimizer, name: string, tree: Tree) =>
    engine.compile(`${name}/init`, (x: Tree) => which.init(x))(tree)
  return {
    step: 0,
    set,
    setOptimizer: await init(optimizer, 'set optimizer', set),
    objective: { params, state, optimizer: await init(objectiveOptimizer, 'objective optimizer', params) },
    games: await Promise.all(
      games.map(async (game, i) => {
        const critic = game.init(foldIn(foldIn(key, 'critic'), i), parameterization.layout)
        return { critic, optimizer: await init(game.optimizer, `${game.name} optimizer`, critic) }
      }),
    ),
  }
}

/** `perClass` random real images of every class with one-hot targets, class-major. */
export async function drawRealImages(key: Key, real: RealSource, perClass: number): Promise<Batch> {
  const chosen = indicesByClass(real.labels, real.classes).map((members, label) => {
    if (members.length < perClass)
      throw new HabaError(
        'distill',
        `at least ${perClass} real images of class ${label}`,
        `${members.length}`,
        'Start from noise, or store fewer images.',
      )
    return drawSome(foldIn(key, label), members, perClass)
  })
  const targets = new Float32Array(perClass * real.classes * real.classes)
  chosen.forEach((_, label) => {
    for (let i = 0; i < perClass; i++) targets[(label * perClass + i) * real.classes + label] = 1
  })
  return {
    images: await real.images(Int32Array.from(chosen.flatMap((indices) => [...indices]))),
    targets: tensor(targets, [perClass * real.classes, real.classes]),
  }
}
