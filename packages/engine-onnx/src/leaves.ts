import { HabaError, hostValue } from '@haba/core'
import type { Tensor } from '@tensorflow/tfjs-core'
import { axesOf, sameNumbers } from './value.js'

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
export function inOrder(leaf: Leaf, shape: readonly number[], order: readonly number[]): Leaf {
  const { values } = leaf
  if (sameNumbers(leaf.order, order)) return leaf
  const strides = new Array<number>(shape.length)
  let stride = 1
  for (const axis of leaf.order.toReversed()) {
    strides[axis] = stride
    stride *= shape[axis]!
  }
  const result = new (values.constructor as new (length: number) => Leaf['values'])(values.length)
  const lengths = order.map((axis) => shape[axis]!)
  const steps = order.map((axis) => strides[axis]!)
  const index = new Array<number>(order.length).fill(0)
  let from = 0
  for (let i = 0; i < result.length; i++) {
    result[i] = values[from]!
    for (let axis = order.length - 1; axis >= 0; axis--) {
      from += steps[axis]!
      if (++index[axis]! < lengths[axis]!) break
      from -= steps[axis]! * lengths[axis]!
      index[axis] = 0
    }
  }
  return { values: result, order }
}
