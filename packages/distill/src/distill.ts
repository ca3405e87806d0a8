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

/** A distillation: data, set, objective, optimizers and engine. */
export interface DistillSpec<P extends Tree = Tree> {
  readonly engine: Engine
  readonly key: Key
  readonly real: RealSource
  readonly parameterization: Parameterization<P>
  readonly objective: AnyObjective
  /** Updates the set's parameters. */
  readonly optimizer: Optimizer
  /** Updates what the objective learns, such as MTT's step size. @default setToZero */
  readonly objectiveOptimizer?: Optimizer
  /** @default [] */
  readonly games?: readonly AnyGame[]
  /** Total steps, including those of a resumed state. */
  readonly steps: number
  /** How recurrences are differentiated. @default recompute */
  readonly differentiation?: Differentiation
  /** Multiplies all learning rates once for each count in the state's `lowered`, `(0, 1)`. @default 0.5 */
  readonly lowerRates?: number
}

/** The complete state of a run: a run resumed from it is identical bit for bit. */
export type DistillState<P extends Tree = Tree> = {
  /** Steps taken. */
  readonly step: number
  readonly set: P
  readonly setOptimizer: Tree
  readonly objective: { readonly params: Tree; readonly optimizer: Tree; readonly state: Args }
  readonly games: readonly { readonly critic: Tree; readonly optimizer: Tree }[]
  /** How often learning rates were lowered because a step was not finite. @default 0 */
  readonly lowered?: number
}

/** The report of one step. */
export interface DistillReport<P extends Tree = Tree> {
  /** Steps taken, this one included. */
  readonly step: number
  /** Loss of the objective, before the update. */
  readonly loss: number
  /** Set loss of each game, before the update. */
  readonly penalties: readonly number[]
  /** Loss of each critic, after the update. */
  readonly critiques: readonly number[]
  /** Owned by the run until the next report is requested; the caller owns the last one. All values are finite. */
  readonly state: DistillState<P>
}

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

/** @throws HabaError naming the option that is absent or of another kind */
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

/** Compiles the functions of a step and returns the step. */
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
      /** Searches for the tensor at fault only if `number`, which is read anyway, is not finite. @param named in the order of computation */
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
      const setLosses: number[] = []
      for (const [i, game] of games.entries()) {
        const move = own(game.draw(foldIn(foldIn(key, 'penalty'), i), layout))
        const weight = own(scalar(game.relative ? matched.loss : 1))
        const { value, total } = await penalties[i]!(state.set, state.games[i]!.critic, move, gradient, weight)
        own(total)
        setLosses.push(await number(own(value)))
        check(setLosses[i]!, { [`set loss of ${game.name}`]: setLosses[i]! })
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
      const criticLosses: number[] = []
      for (const [i, game] of games.entries()) {
        const move = own(game.draw(foldIn(foldIn(key, 'critique'), i), layout))
        const moved = own(await critiques[i]!(set.params, state.games[i]!, move, byRate))
        criticLosses.push(await number(moved.value))
        const { critic, optimizer } = moved
        const ofGame = { 'critic loss': criticLosses[i]!, critic, optimizer }
        const named = Object.entries(ofGame).map(([name, tree]) => [`${name} of ${game.name}`, tree])
        check(criticLosses[i]! + (await number(moved.sum)), Object.fromEntries(named))
        critics.push({ critic, optimizer })
        disposeTree(moved.value, moved.sum, move)
      }
      let carried = before.state
      if (objective.advance) {
        // A copy, because `advance` may dispose its input and this step may still be discarded.
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
        // Checked outside of programs: values such as counters would be constants, and each step would compile again.
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
        penalties: setLosses,
        critiques: criticLosses,
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

/** Adds the step to an error of a draw, such as an expert that is not finite. */
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
