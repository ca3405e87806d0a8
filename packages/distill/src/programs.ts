import type { Scalar } from '@tensorflow/tfjs-core'
import {
  add,
  applyUpdates,
  mapTree,
  maximum,
  mul,
  sumOfAll,
  tensorLeaves,
  valueAndGrad,
  type AnyGame,
  type Args,
  type Engine,
  type Optimizer,
  type Parameterization,
  type Tree,
} from '@haba/core'
import { bind } from './gradient.js'

/** The multiplier on the set's update, for objectives that have one. */
export type Scaled = { readonly scale?: Scalar }

/**
 * One step of an optimizer. It also returns a sum that is not finite if any value of the step is not.
 *
 * @param least lower bounds of parts, by name
 */
export const compileUpdate = <P extends Tree>(
  engine: Engine,
  name: string,
  optimizer: Optimizer,
  least: Readonly<Record<string, number>> = {},
) =>
  engine.compile(`${name}/update`, (params: P, gradient: P, before: Tree, { scale }: Scaled) => {
    const { updates, state } = optimizer.update(gradient, before, params)
    const taken = scale ? mapTree((u) => mul(u, scale), updates) : updates
    const moved = applyUpdates(params, taken)
    const bounded = Object.entries(least).map(([part, bound]) => {
      const at = (moved as { readonly [part: string]: Tree })[part]
      return at === undefined ? {} : { [part]: mapTree((p) => maximum(p, bound), at) }
    })
    return {
      params: bounded.length > 0 ? Object.assign({}, moved, ...bounded) : moved,
      state,
      // No sum if nothing is learned, so that no program has to run.
      sums: tensorLeaves(params).length > 0 ? [sumOfAll(gradient, moved, state)] : [],
    }
  })

/** The set loss of a game, with its gradient added to the set's; the critic is constant. */
export const compilePenalty = <P extends Tree>(engine: Engine, parameterization: Parameterization<P>, game: AnyGame) =>
  engine.compile(`${game.name}/penalty`, (set: P, critic: Tree, move: Args, gradient: P, weight: Scalar) => {
    const { value, grad } = valueAndGrad(
      (x: P) => mul(game.penalty(move, bind(parameterization, x), critic), weight),
      set,
    )
    return { value, total: mapTree((a, b) => add(a, b), gradient, grad) }
  })

/** One update of a critic; the set is constant. */
export const compileCritique = (engine: Engine, parameterization: Parameterization<Tree>, game: AnyGame) =>
  engine.compile(
    `${game.name}/critique`,
    (set: Tree, player: { critic: Tree; optimizer: Tree }, move: Args, { scale }: Scaled) => {
      const { value, grad } = valueAndGrad(
        (critic) => game.critique(move, bind(parameterization, set), critic),
        player.critic,
      )
      const { updates, state } = game.optimizer.update(grad, player.optimizer, player.critic)
      const taken = scale ? mapTree((u) => mul(u, scale), updates) : updates
      const critic = applyUpdates(player.critic, taken)
      return { value, critic, optimizer: state, sum: sumOfAll(grad, critic, state) }
    },
  )
