import type { Scalar } from '@tensorflow/tfjs-core'
import { disposeTree, foldIn, keyFrom, namedLeaves, tensorLeaves, type Key, type Tree } from '@haba/core'
import { expect } from 'vitest'
import { difference, randomDirection } from './directional-derivative.js'
import { doublesOf, inDoubles } from './reference/evaluate.js'

/** A gradient, and the function that it is of. */
export interface ExpectGradientOptions<P extends Tree> {
  /** Made of core's ops. */
  readonly fn: (params: P) => Scalar
  readonly at: P
  /** The gradient in question. */
  readonly gradient: P
  /** Relative error that is allowed along each direction. @default 1e-3 */
  readonly tolerance?: number
  /** @default keyFrom(1) */
  readonly key?: Key
}

/** Trees with more tensors than this are checked along joint directions only: each direction costs two evaluations. */
const FEW_LEAVES = 12

/** Expects a gradient to agree with finite differences along random directions: all tensors at once, and one by one. */
export function expectGradient<P extends Tree>(options: ExpectGradientOptions<P>): void {
  const { fn, at, gradient, tolerance = 1e-3, key = keyFrom(1) } = options
  const evaluated = inDoubles((params: P) => fn(params), [at])
  const [x, g] = [doublesOf(at), doublesOf(gradient)]
  const names = [...namedLeaves(at).keys()]
  expect(
    tensorLeaves(gradient).map((leaf) => leaf.shape),
    'shapes of the gradient',
  ).toEqual(tensorLeaves(at).map((leaf) => leaf.shape))
  const size = Math.abs(evaluated(x)[0]![0]!)
  const directionOf = (label: string) => {
    const direction = randomDirection(foldIn(key, label), at)
    const values = doublesOf(direction)
    disposeTree(direction)
    return values
  }
  const check = (label: string, direction: readonly Float64Array[]) => {
    const slope = difference(evaluated, x, direction, 1e-6)
    const got = inner(g, direction)
    // What a random direction sees of a gradient; without it a slope that is zero by chance would allow no error.
    const typical = Math.hypot(...g.map((part, l) => (norm(part) * norm(direction[l]!)) / Math.sqrt(part.length)))
    expect(Math.abs(got - slope), `${label}: gradient ${got}, finite differences ${slope}`).toBeLessThanOrEqual(
      tolerance * (Math.abs(slope) + 0.1 * typical) + floor,
    )
  }
  const joint = directionOf('joint 0')
  // Below this, a part is zero as far as float32 can tell.
  const floor =
    1e-6 * Math.hypot(...g.map((part, l) => (norm(part) * norm(joint[l]!)) / Math.sqrt(part.length))) + 1e-8 * size
  check('all tensors', joint)
  check('all tensors', directionOf('joint 1'))
  if (names.length > 1 && names.length <= FEW_LEAVES)
    names.forEach((name, only) => {
      const direction = directionOf(name)
      check(
        name,
        direction.map((part, l) => (l === only ? part : part.map(() => 0))),
      )
    })
}

const norm = (x: Float64Array): number => Math.sqrt(x.reduce((total, v) => total + v * v, 0))

const inner = (a: readonly Float64Array[], b: readonly Float64Array[]): number =>
  a.reduce((total, part, l) => total + part.reduce((sum, v, i) => sum + v * b[l]![i]!, 0), 0)
