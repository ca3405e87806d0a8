import type { Scalar, Tensor2D, Tensor4D } from '@tensorflow/tfjs-core'
import {
  add,
  applyUpdates,
  disposeTree,
  drawSome,
  fold,
  frozen,
  HabaError,
  indicesByClass,
  mapTree,
  mul,
  scalar,
  tensor,
  valueAndGrad,
  type AnyGame,
  type AnyObjective,
  type Args,
  type Batch,
  type Drawn,
  type Engine,
  type Game,
  type Key,
  type Optimizer,
  type Parameterization,
  type RealSource,
  type Rows,
  type Tree,
} from '@haba/core'
import { fit, startFitting } from './fit.js'
import { bind, differentiate } from './gradient.js'
import { recomputed, type Differentiation } from './stepper.js'

/** What is distilled, how, and where it runs. */
export interface DistillSpec<P extends Tree = Tree> {
  readonly engine: Engine
  readonly key: Key
  readonly real: RealSource
  readonly parameterization: Parameterization<P>
  readonly objective: AnyObjective
  /** Moves the set's parameters. */
  readonly optimizer: Optimizer
  /** Moves what the objective learns, such as MTT's step size. @default frozen */
  readonly objectiveOptimizer?: Optimizer
  /** @default [] */
  readonly games?: readonly AnyGame[]
  /** Iterations in all, those of a resumed state included. */
  readonly steps: number
  /** How recurrences are differentiated. @default recomputed */
  readonly differentiation?: Differentiation
}

/** Everything that a run carries from step to step: saved and loaded, it goes on bit for bit as if never stopped. */
export type DistillState = {
  /** Steps taken. */
  readonly step: number
  readonly set: Tree
  readonly setOptimizer: Tree
  readonly objective: { readonly params: Tree; readonly optimizer: Tree; readonly state: Args }
  readonly games: readonly { readonly critic: Tree; readonly optimizer: Tree }[]
}

/** What one step tells. */
export interface DistillReport {
  /** Steps taken, this one included. */
  readonly step: number
  /** The objective's matching loss, before the update. */
  readonly loss: number
  /** What the set paid to each game. */
  readonly penalties: readonly number[]
  /** What each critic then had to pay. */
  readonly critiques: readonly number[]
  /** Belongs to the run until the next report is asked for; the last one belongs to the caller. */
  readonly state: DistillState
}

/** The set as its parameterization starts it, before it is fitted. */
export const initialSet = ({ key, real, parameterization }: DistillSpec): Promise<Tree> =>
  parameterization.init(
    fold(key, 'set'),
    (perClass) => drawRealImages(fold(key, 'seed'), real, perClass),
    Math.min(...indicesByClass(real.labels, real.classes).map(({ length }) => length)),
  )

/** The set before distilling: as its parameterization starts it, and fitted where that asks for it. */
async function startSet(spec: DistillSpec): Promise<Tree> {
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
 * @param from the set to start from, which belongs to the state then @default initialSet(spec), fitted where its parameterization asks for it
 */
export async function startDistilling(spec: DistillSpec, from?: Tree): Promise<DistillState> {
  const { key, parameterization, objective, optimizer, objectiveOptimizer = frozen, games = [], engine } = spec
  const set = from ?? (await startSet(spec))
  const { params, state } = (objective as LooseObjective).init(fold(key, 'objective'))
  const init = (which: Optimizer, name: string, tree: Tree) =>
    engine.compile(`${name}/init`, (x: Tree) => which.init(x))(tree)
  return {
    step: 0,
    set,
    setOptimizer: await init(optimizer, 'set optimizer', set),
    objective: { params, state, optimizer: await init(objectiveOptimizer, 'objective optimizer', params) },
    games: await Promise.all(
      games.map(async (game, i) => {
        const critic = game.init(fold(fold(key, 'critic'), i), parameterization.layout)
        return { critic, optimizer: await init(game.optimizer, `${game.name} optimizer`, critic) }
      }),
    ),
  }
}

/** An objective seen from the loop, its own types forgotten. */
interface LooseObjective {
  init(key: Key): { readonly params: Tree; readonly state: Args }
  draw(key: Key, from: object): Promise<Drawn<Args, Args>>
  advance?(key: Key, from: object): Promise<Args>
  pace?(state: Args): number
}
type LooseGame = Game<Args>

/**
 * Distils: at each step the objective draws, the set moves against its loss plus every game's penalty, each critic moves
 * once on the updated set, and the objective carries its state on.
 *
 * @param from a state to go on from @default a fresh start
 * @example
 * for await (const report of distill(spec)) console.log(report.step, report.loss)
 */
export async function* distill<P extends Tree>(
  spec: DistillSpec<P>,
  from?: DistillState,
): AsyncGenerator<DistillReport, void, void> {
  const general = spec as unknown as DistillSpec
  const { steps, key } = general
  if (!Number.isInteger(steps) || steps < 1)
    throw new HabaError('distill', 'at least 1 step', `${steps}`, 'Mend steps.')
  const take = compileStep(general)
  let state = from ?? (await startDistilling(general))
  while (state.step < steps) {
    const report = await take(state, fold(fold(key, 'step'), state.step))
    yield report
    state = report.state
  }
}

/** Compiles everything that a step does; the step itself is the method on one screen. */
function compileStep(spec: DistillSpec) {
  const { engine, parameterization, objective, optimizer, objectiveOptimizer = frozen, real } = spec
  const games = (spec.games ?? []) as unknown as readonly LooseGame[]
  const { layout } = parameterization
  const match = differentiate(engine, parameterization, objective, spec.differentiation ?? recomputed)
  const drawing = objective as LooseObjective
  const penalties = games.map((game) => compilePenalty(engine, parameterization, game))
  const critiques = games.map((game) => compileCritique(engine, parameterization, game))
  const moveSet = compileUpdate(engine, 'set', optimizer)
  const paceOf = (state: Args): Paced => (drawing.pace ? { pace: scalar(drawing.pace(state)) } : {})
  const moveObjective = compileUpdate(engine, 'objective', objectiveOptimizer)
  const renderRows = engine.compile('render', (set: Tree, rows: Rows) => parameterization.render(set, rows))

  return async function step(state: DistillState, key: Key): Promise<DistillReport> {
    const drawn = await drawing.draw(fold(key, 'draw'), { real, layout, state: state.objective.state })
    const matched = await match(state.set, state.objective.params, drawn)
    let gradient = matched.set
    const paid: number[] = []
    for (const [i, game] of games.entries()) {
      const move = game.draw(fold(fold(key, 'penalty'), i), layout)
      const weight = scalar(game.relative ? matched.loss : 1)
      const { value, total } = await penalties[i]!(state.set, state.games[i]!.critic, move, gradient, weight)
      paid.push((await value.data())[0]!)
      disposeTree(value, gradient, move, weight)
      gradient = total
    }
    const paced = paceOf(state.objective.state)
    const set = await moveSet(state.set, gradient, state.setOptimizer, paced)
    const params = await moveObjective(state.objective.params, matched.params, state.objective.optimizer, {})

    const critics: DistillState['games'][number][] = []
    const owed: number[] = []
    for (const [i, game] of games.entries()) {
      const move = game.draw(fold(fold(key, 'critique'), i), layout)
      const { value, critic, optimizer: moved } = await critiques[i]!(set.params, state.games[i]!, move)
      owed.push((await value.data())[0]!)
      critics.push({ critic, optimizer: moved })
      disposeTree(value, move)
    }
    const carried = drawing.advance
      ? await drawing.advance(fold(key, 'advance'), {
          engine,
          real,
          layout,
          state: state.objective.state,
          render: (rows: Rows) => renderRows(set.params, rows),
        })
      : state.objective.state
    disposeTree(drawn.common, ...drawn.items, gradient, matched.params, paced)
    disposeTree(state.set, state.setOptimizer, state.objective.params, state.objective.optimizer, state.games)
    return {
      step: state.step + 1,
      loss: matched.loss,
      penalties: paid,
      critiques: owed,
      state: {
        step: state.step + 1,
        set: set.params,
        setOptimizer: set.state,
        objective: { params: params.params, optimizer: params.state, state: carried },
        games: critics,
      },
    }
  }
}

/** What steps are multiplied by, where the objective says. */
type Paced = { readonly pace?: Scalar }

const compileUpdate = (engine: Engine, name: string, optimizer: Optimizer) =>
  engine.compile(`${name}/update`, (params: Tree, gradient: Tree, before: Tree, { pace }: Paced) => {
    const { updates, state } = optimizer.update(gradient, before, params)
    const taken = pace ? mapTree((u) => mul(u, pace), updates) : updates
    return { params: applyUpdates(params, taken), state }
  })

/** What the set pays, added to its gradient; the critic is held fixed. */
const compilePenalty = (engine: Engine, parameterization: Parameterization<Tree>, game: LooseGame) =>
  engine.compile(`${game.name}/penalty`, (set: Tree, critic: Tree, move: Args, gradient: Tree, weight: Scalar) => {
    const { value, grad } = valueAndGrad(
      (x): Scalar => mul(game.penalty(move, bind(parameterization, x), critic), weight),
      set,
    )
    return { value, total: mapTree((a, b) => add(a, b), gradient, grad) }
  })

/** One step of a critic on the set as it is; the set is held fixed. */
const compileCritique = (engine: Engine, parameterization: Parameterization<Tree>, game: LooseGame) =>
  engine.compile(`${game.name}/critique`, (set: Tree, player: { critic: Tree; optimizer: Tree }, move: Args) => {
    const { value, grad } = valueAndGrad(
      (critic): Scalar => game.critique(move, bind(parameterization, set), critic),
      player.critic,
    )
    const { updates, state } = game.optimizer.update(grad, player.optimizer, player.critic)
    return { value, critic: applyUpdates(player.critic, updates), optimizer: state }
  })

/** `perClass` random real images of every class with one-hot targets, class-major. */
export async function drawRealImages(key: Key, real: RealSource, perClass: number): Promise<Batch> {
  const chosen = indicesByClass(real.labels, real.classes).map((members, label) => {
    if (members.length < perClass)
      throw new HabaError(
        'distill',
        `at least ${perClass} real images of class ${label}`,
        `${members.length}`,
        'Start from noise, or store fewer.',
      )
    return drawSome(fold(key, label), members, perClass)
  })
  const targets = new Float32Array(perClass * real.classes * real.classes)
  chosen.forEach((_, label) => {
    for (let i = 0; i < perClass; i++) targets[(label * perClass + i) * real.classes + label] = 1
  })
  return {
    images: (await real.images(Int32Array.from(chosen.flatMap((indices) => [...indices])))) as Tensor4D,
    targets: tensor(targets, [perClass * real.classes, real.classes]) as Tensor2D,
  }
}
