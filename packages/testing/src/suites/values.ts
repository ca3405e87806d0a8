import { copyOf, isFixed, tensor, tensorLeaves, treeToJson, withTensors, type Args, type Tree } from '@haba/core'
import { expect } from 'vitest'

/** A tree as text, exact to the last bit; equal texts are equal trees. */
export const textOf = (tree: Args | Tree): string => JSON.stringify(treeToJson(tree))

/** All numbers of a tree. */
export const numbersOf = (tree: Args | Tree): readonly number[] =>
  tensorLeaves(tree).flatMap((leaf) => [...leaf.dataSync()])

export function expectFinite(tree: Args | Tree): void {
  expect(numbersOf(tree).filter((v) => !Number.isFinite(v))).toEqual([])
}

/** Expects `‖got - wanted‖ ≤ tolerance · ‖wanted‖` over all tensors at once. */
export function expectNear(got: Args | Tree, wanted: Args | Tree, tolerance: number): void {
  const [a, b] = [numbersOf(got), numbersOf(wanted)]
  expect(a.length).toBe(b.length)
  const apart = Math.hypot(...a.map((v, i) => v - b[i]!))
  expect(apart, `distance of [${a.slice(0, 4)} …] from [${b.slice(0, 4)} …]`).toBeLessThanOrEqual(
    tolerance * Math.hypot(...b) + 1e-12,
  )
}

/** `tree - gradient · size`, where `size` makes the first-order change of the loss `by`. */
export function stepAgainst<T extends Tree>(tree: T, gradient: T, by: number): T {
  const slope = numbersOf(gradient).reduce((total, v) => total + v * v, 0)
  const others = tensorLeaves(gradient).map((leaf) => leaf.dataSync())
  return withTensors(
    tree,
    tensorLeaves(tree).map((leaf, l) =>
      isFixed(leaf)
        ? copyOf(leaf)
        : tensor(
            Float32Array.from(leaf.dataSync(), (v, i) => v - (by / slope) * others[l]![i]!),
            leaf.shape,
          ),
    ),
  )
}
