import { sizeOf } from '@haba/core'
import type { Emitter } from './emitter.js'
import { numeric, storedShape, type Value } from './value.js'
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
    value.product
      ? productSum(emit, value, value.product, axes, keepdims)
      : emit.op('ReduceSum', [name, emit.integers(axes)], { keepdims }),
  )
  const repeats = node.attributes.axes.reduce((product, axis) => (product * x.shape[axis]!) / x.extent[axis]!, 1)
  if (repeats === 1) return total
  return { ...total, name: emit.op('Mul', [total.name, emit.constant([repeats], [], node.dtype)]) }
}

/** Shorter rows than this are summed quicker than multiplied as matrices (measured: 0.07 and 0.29 ms for 2048 rows of 64). */
const shortRow = 128

/** The sum of a product over the innermost axes is a row times a row; over further axes it is summed as usual. */
function productSum(
  emit: Emitter,
  value: Value,
  [a, b]: readonly [string, string],
  axes: readonly number[],
  keepdims: 0 | 1,
): string {
  const lengths = storedShape(value)
  const first = lengths.findLastIndex((length, i) => length !== 1 && !axes.includes(i)) + 1
  const outer = lengths.slice(0, first)
  const row = sizeOf(lengths.slice(first))
  const rest = axes.filter((axis) => axis < first)
  if (row < shortRow || emit.traits.rowSums === 'reduceSum')
    return emit.op('ReduceSum', [value.name, emit.integers(axes)], { keepdims })
  const rows = [sizeOf(outer), 1, row]
  const [left, right] = [emit.reshape(a, lengths, rows), emit.reshape(b, lengths, rows)]
  const products = emit.op('FusedMatMul', [left, right], { transB: 1 }, 'com.microsoft')
  const inner = lengths.map((length, i) => (i < first ? length : 1))
  const kept = emit.reshape(products, [sizeOf(outer), 1, 1], inner)
  const all = rest.length > 0 ? emit.op('ReduceSum', [kept, emit.integers(rest)], { keepdims: 1 }) : kept
  const summed = inner.map((length, i) => (axes.includes(i) ? 1 : length))
  return keepdims
    ? all
    : emit.reshape(
        all,
        summed,
        summed.filter((_, i) => !axes.includes(i)),
      )
}

const reduceMax: Lowering<'reduceMax'> = (emit, node, [x]) =>
  reduced(emit, node, numeric(emit, x), (name, axes, keepdims) => emit.op('ReduceMax', [name], { axes, keepdims }))

export const reduction: Lowerings<'sum' | 'reduceMax'> = { sum, reduceMax }
