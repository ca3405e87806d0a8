import type { Scalar } from '@tensorflow/tfjs-core'
import { foldIn, isFixed, normal, tensor, tensorLeaves, withTensors, type Key, type Tree } from '@haba/core'
import { doublesOf, inDoubles } from './reference/evaluate.js'

/** A function, a point and a direction. */
export interface DirectionalDerivativeOptions<P extends Tree> {
  /** Made of core's ops. */
  readonly fn: (params: P) => Scalar
  readonly at: P
  /** A tree like `at`. */
  readonly direction: P
  /** How far to go each way, in lengths of `direction`. @default 1e-6 */
  readonly step?: number
}

/**
 * How a scalar function changes along a direction, by central finite differences in double precision: exact to about
 * nine digits, so that a step can be too short to cross the kinks of ReLU.
 */
export function directionalDerivative<P extends Tree>(options: DirectionalDerivativeOptions<P>): number {
  const { fn, at, direction, step = 1e-6 } = options
  return difference(
    inDoubles((params: P) => fn(params), [at]),
    doublesOf(at),
    doublesOf(direction),
    step,
  )
}

/** The central difference of a function whose first result is a scalar. */
export function difference(
  fn: (values: readonly Float64Array[]) => readonly Float64Array[],
  at: readonly Float64Array[],
  direction: readonly Float64Array[],
  step: number,
): number {
  const beside = (by: number) => fn(at.map((x, l) => x.map((v, i) => v + by * direction[l]![i]!)))[0]![0]!
  return (beside(step) - beside(-step)) / (2 * step)
}

/**
 * A random direction; each part is as large as the part of `at` that it moves, or 1 where that is all zeros. Fixed (int32)
 * parts do not move.
 */
export function randomDirection<P extends Tree>(key: Key, at: P): P {
  return withTensors(
    at,
    tensorLeaves(at).map((leaf, i) => {
      if (isFixed(leaf)) return tensor(new Int32Array(leaf.size), leaf.shape)
      const values = leaf.dataSync<'float32'>()
      const size = Math.sqrt(values.reduce((total, v) => total + v * v, 0) / values.length) || 1
      return tensor(
        normal(foldIn(key, i), leaf.size).map((v) => v * size),
        leaf.shape,
      )
    }),
  )
}
