import { checkArguments } from '../check-arguments.js'
import type { Tensor } from '@tensorflow/tfjs-core'
import { HabaError } from '../errors.js'
import { add, maximum, mul, sub } from '../ops/elementwise.js'
import { zerosLike } from '../ops/sources.js'
import type { Optimizer } from '../spec/optimizer.js'
import type { None, Tree } from '../spec/tree.js'
import { isFixed, mapTree, tensorLeaves, withTensors } from '../tree/tree.js'

/** Options of `sgd`. */
export interface SgdOptions {
  /** Above 0. */
  readonly learningRate: number
  /** `[0, 1)`. @default 0 */
  readonly momentum?: number
  /** Added to the gradient as `weightDecay · p`. @default 0 */
  readonly weightDecay?: number
}

/** The state of `sgd`. */
export interface SgdState {
  /** In the structure of the parameters; absent without momentum. */
  readonly velocity: Tree
  readonly [name: string]: Tree
}

/**
 * Stochastic gradient descent with PyTorch's momentum: `v ← momentum · v + g`, `p ← p - learningRate · v`.
 *
 * @throws HabaError for a learning rate or momentum out of range
 */
export function sgd(options: SgdOptions): Optimizer<SgdState> {
  const { learningRate, momentum = 0, weightDecay = 0 } = checkArguments('sgd', options, { learningRate: 'number' })
  if (!(learningRate >= 0) || !Number.isFinite(learningRate))
    throw new HabaError('sgd', 'a learningRate of at least 0', `${learningRate}`, '')
  if (!(momentum >= 0 && momentum < 1)) throw new HabaError('sgd', 'a momentum in [0, 1)', `${momentum}`, '')
  return {
    init: (params) => ({ velocity: momentum ? mapTree((p) => zerosLike(p), params) : {} }),
    update: (grads, state, params) => {
      const decayed = weightDecay
        ? mapTree((g, p) => (isFixed(p) ? g : add(g, mul(p, weightDecay))), grads, params)
        : grads
      if (!momentum) return { updates: mapTree((g) => mul(g, -learningRate), decayed), state }
      const velocity = mapTree((g, v) => add(mul(v, momentum), g), decayed, state.velocity)
      return { updates: mapTree((v) => mul(v, -learningRate), velocity), state: { velocity } }
    },
  }
}

/** A different optimizer for each named part, such as bases and hallucinators. Parts that are fixed (int32) need none. */
export function partition(parts: Readonly<Record<string, Optimizer>>): Optimizer<{ readonly [name: string]: Tree }> {
  const partOf = (params: Tree, name: string): Tree => {
    const part = (params as { readonly [name: string]: Tree })[name]
    if (part === undefined)
      throw new HabaError(
        'partition',
        `parameters with a part "${name}"`,
        Object.keys(params).join(', '),
        'Check the names.',
      )
    return part
  }
  const map = <R>(params: Tree, fn: (optimizer: Optimizer, name: string) => R): Record<string, R> => {
    const others = Object.keys(params).filter((name) => !(name in parts))
    const extra = others.filter((name) => !tensorLeaves(partOf(params, name)).every(isFixed))
    if (extra.length > 0)
      throw new HabaError(
        'partition',
        `an optimizer for "${extra[0]}"`,
        Object.keys(parts).join(', ') || 'none',
        'Add one.',
      )
    const all = { ...parts, ...Object.fromEntries(others.map((name) => [name, setToZero as Optimizer])) }
    return Object.fromEntries(Object.entries(all).map(([name, optimizer]) => [name, fn(optimizer, name)]))
  }
  return {
    init: (params) => map(params, (optimizer, name) => optimizer.init(partOf(params, name))),
    update: (grads, state, params) => {
      const done = map(params, (optimizer, name) =>
        optimizer.update(partOf(grads, name), partOf(state, name), partOf(params, name)),
      )
      const pick = (which: 'updates' | 'state') =>
        Object.fromEntries(Object.entries(done).map(([name, result]) => [name, result[which]]))
      return { updates: withTensors(grads, tensorLeaves(pick('updates'))), state: pick('state') }
    },
  }
}

/** Clamps parameters from below (HaBa's step size: at 0.001). */
export const clampBelow = <S extends Tree>(bound: number, optimizer: Optimizer<S>): Optimizer<S> => ({
  init: optimizer.init,
  update: (grads, before, params) => {
    const { updates, state } = optimizer.update(grads, before, params)
    return { state, updates: mapTree((u, p) => sub(maximum(add(p, u), bound), p), updates, params) }
  },
})

/** Leaves parameters unchanged. */
export const setToZero: Optimizer<None> = {
  init: () => ({}),
  update: (grads, state) => ({ updates: mapTree((g) => zerosLike(g), grads), state }),
}

/** `params + updates`; fixed (int32) leaves are unchanged. */
export const applyUpdates = <P extends Tree>(params: P, updates: P): P =>
  mapTree((p: Tensor, u: Tensor) => (isFixed(p) ? p : add(p, u)), params, updates)
