import type { Scalar } from '@tensorflow/tfjs-core'
import {
  disposeOnThrow,
  disposeTree,
  firstNotFinite,
  hasLearningRateScale,
  hostValue,
  foldIn,
  setToZero,
  copyOf,
  HabaError,
  isNotFinite,
  notFiniteError,
  scalar,
  sumOfAll,
  tensorLeaves,
  type Args,
  type Key,
  type Own,
  type Rows,
  type Tree,
} from '@haba/core'
import { differentiate } from './gradient.js'
import { compileCritique, compilePenalty, compileUpdate, type Scaled } from './programs.js'
import type { DistillReport, DistillSpec, DistillState } from './spec.js'
import { recompute } from './stepper.js'

/** Compiles the functions of a step and returns the step. */
export function compileStep<P extends Tree>(spec: DistillSpec<P>) {
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
