import type { Scalar, Tensor } from '@tensorflow/tfjs-core'
import { HabaError } from './errors.js'
import { add } from './ops/elementwise.js'
import { sum } from './ops/layout.js'
import { fill } from './ops/sources.js'
import type { Args, Tree } from './spec/tree.js'
import { hostValue } from './tree/host.js'
import { namedLeaves, tensorLeaves } from './tree/tree.js'

/** A value that is NaN or infinite, and its tensor. */
export interface NotFinite {
  /** The tensor's dotted path. */
  readonly path: string
  readonly value: number
}

/** The first tensor of a tree, by sorted paths, that holds NaN or an infinity; undefined if all values are finite. */
export function firstNotFinite(tree: Args): NotFinite | undefined {
  for (const [path, leaf] of namedLeaves(tree)) {
    const value = notFiniteIn(leaf)
    if (value !== undefined) return { path, value }
  }
  return undefined
}

function notFiniteIn(leaf: Tensor): number | undefined {
  if (leaf.dtype !== 'float32') return undefined
  const held = hostValue(leaf)
  const values = (held && 'values' in held ? held.values : leaf.dataSync()) as Float32Array
  // 0 times a finite number is 0. Four sums, because each addition waits for the one before it.
  let [a, b, c, d] = [0, 0, 0, 0]
  const blocks = values.length - (values.length % 4)
  for (let i = 0; i < blocks; i += 4) {
    a += 0 * values[i]!
    b += 0 * values[i + 1]!
    c += 0 * values[i + 2]!
    d += 0 * values[i + 3]!
  }
  for (let i = blocks; i < values.length; i++) a += 0 * values[i]!
  return a + b + c + d === 0 ? undefined : values.find((value) => !Number.isFinite(value))
}

/**
 * The sum of all values of trees: not finite if any value is not. It costs one pass and changes no other result. A sum can
 * also overflow float32, so search with `firstNotFinite` then.
 */
export const sumOfAll = (...trees: readonly Tree[]): Scalar =>
  trees
    .flatMap((tree) => tensorLeaves(tree))
    .filter(({ dtype }) => dtype === 'float32')
    .reduce<Scalar>((total, leaf) => add(total, sum(leaf)), fill([], 0))

const mark = Symbol.for('haba.not finite')

/** The error for numbers that are not finite. @param where such as `step 7` */
export const notFiniteError = (who: string, { path, value }: NotFinite, where: string, todo: string): HabaError =>
  new HabaError(who, 'finite numbers', `${value} in ${path} ${where}`, todo, { cause: mark })

/** Whether an error reports numbers that are not finite, that is, divergence. */
export const isNotFinite = (error: unknown): boolean =>
  HabaError.is(error) && (error.cause === mark || isNotFinite(error.cause))

/**
 * Refuses trees with numbers that are not finite.
 *
 * @param who the source of the error, such as `checkpoint FILE`
 * @throws HabaError naming the first tensor that holds NaN or an infinity
 */
export function checkFinite(who: string, tree: Args, where: string, todo: string): void {
  const found = firstNotFinite(tree)
  if (found) throw notFiniteError(who, found, where, todo)
}
