import type { Scalar, Tensor } from '@tensorflow/tfjs-core'
import { HabaError } from './errors.js'
import { add } from './ops/elementwise.js'
import { sum } from './ops/layout.js'
import { fill } from './ops/sources.js'
import type { Args, Tree } from './spec/tree.js'
import { hostValue } from './tree/host.js'
import { namedLeaves, tensorLeaves } from './tree/tree.js'

/** A number that is NaN or infinite, and the tensor that it is in. */
export interface NotFinite {
  /** The tensor's dotted path. */
  readonly path: string
  readonly value: number
}

/** The first tensor of a tree, by sorted paths, that holds NaN or an infinity; undefined where all is finite. */
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
  // 0 times what is finite is 0; four sums, since each addition waits for the one before.
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
 * All values of trees added up: a single number that is not finite where any of them is not. It costs one pass, and nothing
 * of what is computed beside it changes. Sums beyond float32 are infinite, too: look with `firstNotFinite` then.
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

/** Whether an error says that numbers are not finite: that something diverged. */
export const isNotFinite = (error: unknown): boolean =>
  HabaError.is(error) && (error.cause === mark || isNotFinite(error.cause))

/**
 * Refuses trees with numbers that are not finite.
 *
 * @param who such as `checkpoint FILE`
 * @throws HabaError naming the first tensor that holds NaN or an infinity
 */
export function checkFinite(who: string, tree: Args, where: string, todo: string): void {
  const found = firstNotFinite(tree)
  if (found) throw notFiniteError(who, found, where, todo)
}
