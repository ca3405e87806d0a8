import { HabaError, hostValue, reorderAxes } from '@haba/core'
import type { Tensor } from '@tensorflow/tfjs-core'
import { axesOf, sameNumbers } from '../lower/value.js'

/** The values of an argument, as they lie in memory. */
export interface Leaf {
  readonly values: Float32Array | Int32Array
  /** Axis i of `values` is logical axis `order[i]`. */
  readonly order: readonly number[]
}

/** Values of the tensors, without a copy for those on the host. */
export async function readLeaves(who: string, tensors: readonly Tensor[]): Promise<readonly Leaf[]> {
  const leaves = tensors.map((tensor) => leafOf(who, tensor))
  return leaves.some((leaf) => leaf instanceof Promise)
    ? Promise.all(leaves.map((leaf) => Promise.resolve(leaf)))
    : (leaves as Leaf[])
}

function leafOf(who: string, tensor: Tensor): Leaf | Promise<Leaf> {
  const value = hostValue(tensor)
  const order = axesOf(tensor.shape)
  if (value === undefined) return tensor.data().then((values) => ({ values: values as Leaf['values'], order }))
  if ('node' in value)
    throw new HabaError(
      who,
      'tensors with values',
      'a traced one',
      'Inside a compiled function call the plain function.',
    )
  return { values: value.values, order: value.order ?? order }
}

/** The same values with their axes in another order. */
export const inOrder = (leaf: Leaf, shape: readonly number[], order: readonly number[]): Leaf =>
  sameNumbers(leaf.order, order) ? leaf : { values: reorderAxes(leaf.values, shape, leaf.order, order), order }
