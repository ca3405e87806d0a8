import type { Scalar } from '@tensorflow/tfjs-core'
import {
  checkArguments,
  disposeOnThrow,
  disposeTree,
  drawSome,
  firstNotFinite,
  hasLearningRateScale,
  hostValue,
  foldIn,
  setToZero,
  copyOf,
  HabaError,
  indicesByClass,
  isNotFinite,
  notFiniteError,
  scalar,
  sumOfAll,
  tensor,
  tensorLeaves,
  type AnyGame,
  type AnyObjective,
  type Args,
  type Batch,
  type Engine,
  type Key,
  type Optimizer,
  type Own,
  type Parameterization,
  type RealSource,
  type Rows,
  type Tree,
} from '@haba/core'
import { fit, startFitting } from './fit.js'
import { differentiate } from './gradient.js'
import { compileCritique, compilePenalty, compileUpdate, type Scaled } from './programs.js'
import { recompute, type Differentiation } from './stepper.js'

/** What is distilled, how, and where it runs. */
export interface DistillSpec<P extends Tree = Tree> {
  readonly engine: Engine
  readonly key: Key
  readonly real: RealSource
  readonly parameterization: Parameterization<P>
  readonly objective: AnyObjective
  /** Moves the set's parameters. */
  readonly optimizer: Optimizer
  /** Moves what the objective learns, such as MTT's step size. @default setToZero */
  readonly objectiveOptimizer?: Optimizer
  /** @default [] */
  readonly games?: readonly AnyGame[]
  /** Iterations in all, those of a resumed state included. */
  readonly steps: number
  /** How recurrences are differentiated. @default recompute */
  readonly differentiation?: Differentiation
  /** By what all steps are multiplied for each time that a state says its rates were lowered, `(0, 1)`. @default 0.5 */
  readonly lowerRates?: number
}

/** Everything that a run carries from step to step: saved and loaded, it goes on bit for bit as if never stopped. */
export type DistillState<P extends Tree = Tree> = {
  /** Steps taken. */
  readonly step: number
  readonly set: P
  readonly setOptimizer: Tree
  readonly objective: { readonly params: Tree; readonly optimizer: Tree; readonly state: Args }
  readonly games: readonly { readonly critic: Tree; readonly optimizer: Tree }[]
  /** How many times rates were lowered, because a step was not finite. @default 0 */
  readonly lowered?: number
}

/** What one step tells. */
export interface DistillReport<P extends Tree = Tree> {
  /** Steps taken, this one included. */
  readonly step: number
  /** The objective's matching loss, before the update. */
  readonly loss: number
  /** Set loss of each game, before the update. */
  readonly penalties: readonly number[]
  /** Loss of each critic, after it. */
  readonly critiques: readonly number[]
  /** Belongs to the run until the next report is asked for; the last one belongs to the caller. All of it is finite. */
  readonly state: DistillState<P>
}

/** The set as its parameterization starts it, before it is fitted. */
export const initialSet = <P extends Tree>({ key, real, parameterization }: DistillSpec<P>): Promise<P> =>
  parameterization.init(
    foldIn(key, 'set'),
    (perClass) => drawRealImages(foldIn(key, 'seed'), real, perClass),
    Math.min(...indicesByClass(real.labels, real.classes).map(({ length }) => length)),
  )

/** The set before distilling: as its parameterization starts it, and fitted where that asks for it. */
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
 * @param from the set to start from, which belongs to the state then @default initialSet(spec), fitted where its parameterization asks for it
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

/** @throws HabaError naming the part that is absent or of another kind */
export const checkSpec = (who: string, spec: object): void =>
  void checkArguments(who, spec, {
    engine: 'engine',
    key: 'key',
    real: 'real',
    parameterization: 'parameterization',
    objective: 'objective',
    optimizer: 'optimizer',
    objectiveOptimizer: 'optimizer?',
    games: 'games?',
    steps: 'number',
  })

/**
 * Distills: at each step the objective draws, the set moves against its loss plus every game's penalty, each critic moves
 * once on the updated set, and the objective carries its state on.
 *
 * A step with a loss, gradient, parameter or critic that is not finite is not taken: the state before it, which was reported
 * last, stays whole and belongs to the caller.
 *
 * @param from a state to continue from, which stays the caller's own: dispose it when it is no longer needed @default a fresh start
 * @throws HabaError for a specification with a wrong part, naming it; where a step is not finite, naming the first tensor
 *   that is not, and the step (`isNotFinite` knows it)
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
  // A copy, which shares the values: each step disposes the state before it.
  let state = from ? copyOf(from) : await startDistilling(spec)
  let reported = false
  try {
    const bad = firstNotFinite(state)
    if (bad)
      throw notFiniteError('distill', bad, `before step ${state.step + 1}`, 'Check the data and the start of the set.')
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

/** Compiles everything that a step does; the step itself is the method on one screen. */
function compileStep<P extends Tree>(spec: DistillSpec<P>) {
  const {
    engine,
    parameterization,
    objective,
    optimizer,
    objectiveOptimizer = setToZero,
    real,
    lowerRates = 0.5,
  } = spec
  const { games = [] } = spec
  const { layout } = parameterization
  const match = differentiate(engine, parameterization, objective, spec.differentiation ?? recompute)
  const penalties = games.map((game) => compilePenalty(engine, parameterization, game))
  const critiques = games.map((game) => compileCritique(engine, parameterization, game))
  const moveSet = compileUpdate<P>(engine, 'set', optimizer)
  const moveObjective = compileUpdate<Tree>(engine, 'objective', objectiveOptimizer, objective.least)
  const renderRows = engine.compile('render', (set: P, rows: Rows) => parameterization.render(set, rows))
  const sumOfState = engine.compile('carried/sum', (state: Args) => sumOfAll(state as Tree))
  const scaled = (by: number): Scaled => (by === 1 ? {} : { scale: scalar(by) })

  const scaleOf = (state: Args) => (hasLearningRateScale(objective) ? objective.learningRateScale(state) : 1)

  const step =
    (state: DistillState<P>, key: Key) =>
    async (own: Own): Promise<DistillReport<P>> => {
      /** Looks closer only where a number that is read anyway is not finite. @param named in the order that they were made */
      const check = (number: number, named: Readonly<Record<string, Args>>) => {
        if (Number.isFinite(number)) return
        for (const [name, tree] of Object.entries(named)) {
          const bad = typeof tree === 'number' ? isBad(tree) : firstNotFinite(tree)
          const path = [name, bad?.path].filter(Boolean).join('.')
          if (bad) throw notFiniteError('distill', { ...bad, path }, `at step ${state.step + 1}`, LOWER)
        }
      }
      const number = async (value: Scalar) => (await value.data())[0]!
      const lowered = lowerRates ** (state.lowered ?? 0)
      const byRate = own(scaled(lowered))
      const drawn = await objective.draw(foldIn(key, 'draw'), { real, layout, state: state.objective.state })
      own([drawn.common, ...drawn.items])
      const matched = await match(state.set, state.objective.params, drawn)
      let gradient = own(matched.set)
      own(matched.params)
      check(matched.loss, { drawn, loss: matched.loss })
      const paid: number[] = []
      for (const [i, game] of games.entries()) {
        const move = own(game.draw(foldIn(foldIn(key, 'penalty'), i), layout))
        const weight = own(scalar(game.relative ? matched.loss : 1))
        const { value, total } = await penalties[i]!(state.set, state.games[i]!.critic, move, gradient, weight)
        own(total)
        paid.push(await number(own(value)))
        check(paid[i]!, { [`penalty of ${game.name}`]: paid[i]! })
        disposeTree(value, gradient, move, weight)
        gradient = total
      }
      const bySet = own(scaled(lowered * scaleOf(state.objective.state)))
      const set = own(await moveSet(state.set, gradient, state.setOptimizer, bySet))
      const ofSet = { gradient: { set: gradient }, set: set.params, 'optimizer of the set': set.state }
      for (const sum of set.sums) check(await number(sum), ofSet)
      const before = state.objective
      const params = own(await moveObjective(before.params, matched.params, before.optimizer, byRate))
      const ofParams = { gradient: { objective: matched.params }, objective: params.params }
      for (const sum of params.sums)
        check(await number(sum), { ...ofParams, 'optimizer of the objective': params.state })

      const critics: DistillState['games'][number][] = []
      const owed: number[] = []
      for (const [i, game] of games.entries()) {
        const move = own(game.draw(foldIn(foldIn(key, 'critique'), i), layout))
        const moved = own(await critiques[i]!(set.params, state.games[i]!, move, byRate))
        owed.push(await number(moved.value))
        const { critic, optimizer } = moved
        const ofGame = { 'critic loss': owed[i]!, critic, optimizer }
        const named = Object.entries(ofGame).map(([name, tree]) => [`${name} of ${game.name}`, tree])
        check(owed[i]! + (await number(moved.sum)), Object.fromEntries(named))
        critics.push({ critic, optimizer })
        disposeTree(moved.value, moved.sum, move)
      }
      let carried = before.state
      if (objective.advance) {
        // A copy: what it is given it may dispose, and this step may still turn out not to be taken.
        carried = own(
          await objective.advance(foldIn(key, 'advance'), {
            engine,
            real,
            layout,
            state: own(copyOf(before.state)),
            render: (rows: Rows) => renderRows(set.params, rows),
          }),
        )
        const named = { 'state of the objective': carried }
        // Values known here, such as counters, would be constants of a program, and each step would compile its own.
        const leaves = tensorLeaves(carried)
        if (firstNotFinite(leaves.filter((leaf) => hostValue(leaf)))) check(NaN, named)
        const computed = leaves.filter((leaf) => !hostValue(leaf))
        if (computed.length > 0) {
          const sum = own(await sumOfState(computed))
          check(await number(sum), named)
          sum.dispose()
        }
      }
      disposeTree(drawn.common, ...drawn.items, gradient, matched.params, byRate, bySet, set.sums, params.sums)
      disposeTree(state.set, state.setOptimizer, before.params, before.optimizer, state.games)
      if (objective.advance) disposeTree(before.state)
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
          ...(state.lowered && { lowered: state.lowered }),
        },
      }
    }
  return (state: DistillState<P>, key: Key): Promise<DistillReport<P>> =>
    disposeOnThrow(step(state, key)).catch((error: unknown) => {
      throw atStep(error, state.step + 1)
    })
}

/** What objectives find while they draw, such as an expert that is not finite, does not know of the step. */
function atStep(error: unknown, step: number): unknown {
  if (!HabaError.is(error) || !isNotFinite(error) || error.facts.source === 'distill') return error
  const { source: who, expected, received: got, hint: todo } = error.facts
  return new HabaError(who, expected, `${got}, read for step ${step}`, todo, { cause: error })
}

const LOWER = 'The step was not taken. Lower the learning rates.'

const isBad = (value: number) => (Number.isFinite(value) ? undefined : { path: '', value })

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
