import { checkArguments } from '../check-arguments.js'
import type { Scalar } from '@tensorflow/tfjs-core'
import { HabaError } from '../errors.js'
import { add, div, mul, sqrt, square } from '../ops/elementwise.js'
import { fill, zerosLike } from '../ops/sources.js'
import type { Optimizer } from '../spec/optimizer.js'
import type { Tree } from '../spec/tree.js'
import { mapTree } from '../tree/tree.js'

/** Options of `adam`. */
export interface AdamOptions {
  /** At least 0. */
  readonly learningRate: number
  /** Decay rates of the moving averages of gradients and of their squares, each in `[0, 1)`. @default [0.9, 0.999] */
  readonly betas?: readonly [mean: number, square: number]
  /** Added to the root. @default 1e-8 */
  readonly epsilon?: number
}

/** The state of `adam`. */
export interface AdamState {
  /** Moving averages of gradients and of their squares, as the parameters. */
  readonly mean: Tree
  readonly square: Tree
  /** The same averages of ones, `1 - betaᵗ`: divisors of the bias correction, computed without cancellation. */
  readonly seen: { readonly mean: Scalar; readonly square: Scalar }
  readonly [name: string]: Tree
}

/**
 * Adam with bias correction (Kingma and Ba, ICLR 2015, algorithm 1), as in PyTorch:
 * `p ← p - learningRate · m̂ / (√v̂ + epsilon)`.
 *
 * @throws HabaError for a learning rate or betas out of range
 */
export function adam(options: AdamOptions): Optimizer<AdamState> {
  const {
    learningRate,
    betas = [0.9, 0.999],
    epsilon = 1e-8,
  } = checkArguments('adam', options, { learningRate: 'number' })
  if (!(learningRate >= 0) || !Number.isFinite(learningRate))
    throw new HabaError('adam', 'a learningRate of at least 0', `${learningRate}`, '')
  if (betas.length !== 2 || betas.some((beta) => !(beta >= 0 && beta < 1)))
    throw new HabaError('adam', 'two betas in [0, 1)', `[${betas}]`, '')
  const [ofMean, ofSquare] = betas
  const zeros = (params: Tree): Tree => mapTree((p) => zerosLike(p), params)
  const follow = (beta: number, average: Tree, values: Tree): Tree =>
    mapTree((a, v) => add(mul(a, beta), mul(v, 1 - beta)), average, values)
  const grown = (beta: number, seen: Scalar) => add(mul(seen, beta), 1 - beta)
  return {
    init: (params) => ({
      mean: zeros(params),
      square: zeros(params),
      seen: { mean: fill([], 0), square: fill([], 0) },
    }),
    update(grads, before) {
      const mean = follow(ofMean, before.mean, grads)
      const squares = follow(
        ofSquare,
        before.square,
        mapTree((g) => square(g), grads),
      )
      const seen = { mean: grown(ofMean, before.seen.mean), square: grown(ofSquare, before.seen.square) }
      const updates = mapTree(
        (_, m, v) => mul(div(div(m, seen.mean), add(sqrt(div(v, seen.square)), epsilon)), -learningRate),
        grads,
        mean,
        squares,
      )
      return { updates, state: { mean, square: squares, seen } }
    },
  }
}
