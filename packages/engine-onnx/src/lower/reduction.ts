import type { Emitter } from '../emitter.js'
import { numeric, storedShape, type Value } from '../value.js'
import type { Lowering, Lowerings, NodeOf } from './lowering.js'

type Reduce = NodeOf<'sum'> | NodeOf<'reduceMax'>

/** Reduces over the axes that are written out; along the others there is nothing to do. */
function reduced(
  emit: Emitter,
  node: Reduce,
  x: Value,
  onnx: (name: string, axes: number[], keep: 0 | 1) => string,
): Value {
  const { axes, keepDims } = node.attributes
  const real = axes.filter((axis) => x.extent[axis] !== 1)
  const positions = real.map((axis) => x.order.indexOf(axis)).sort((a, b) => a - b)
  const name = real.length === 0 ? x.name : onnx(x.name, positions, keepDims ? 1 : 0)
  const shapeNow = storedShape(x).flatMap((length, i) => (positions.includes(i) ? (keepDims ? [1] : []) : [length]))

  const kept = x.shape.flatMap((_, axis) => (keepDims || !axes.includes(axis) ? [axis] : []))
  const next: Value = {
    name,
    shape: node.shape,
    extent: kept.map((axis) => (axes.includes(axis) ? 1 : x.extent[axis]!)),
    order: x.order.filter((axis) => kept.includes(axis)).map((axis) => kept.indexOf(axis)),
    dtype: node.dtype,
  }
  return { ...next, name: emit.reshape(name, shapeNow, storedShape(next)) }
}

/** A sum over an axis along which the value stays the same is a multiplication. */
const sum: Lowering<'sum'> = (emit, node, [x]) => {
  const value = numeric(emit, x)
  const total = reduced(emit, node, value, (name, axes, keepdims) =>
    emit.op('ReduceSum', [name, emit.integers(axes)], { keepdims }),
  )
  const repeats = node.attributes.axes.reduce((product, axis) => (product * x.shape[axis]!) / x.extent[axis]!, 1)
  if (repeats === 1) return total
  return { ...total, name: emit.op('Mul', [total.name, emit.constant([repeats], [], node.dtype)]) }
}

const reduceMax: Lowering<'reduceMax'> = (emit, node, [x]) =>
  reduced(emit, node, numeric(emit, x), (name, axes, keepdims) => emit.op('ReduceMax', [name], { axes, keepdims }))

export const reduction: Lowerings<'sum' | 'reduceMax'> = { sum, reduceMax }
