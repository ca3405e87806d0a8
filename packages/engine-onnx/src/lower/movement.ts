import {
  axesOf,
  expanded,
  movingAxes,
  numeric,
  reordered,
  stored,
  storedShape,
  withRank,
  aligned,
  type Value,
} from './value.js'
import { dataType } from './onnx-model.js'
import type { Lowering, Lowerings } from './lowering.js'

const broadcastTo: Lowering<'broadcastTo'> = (emit, node, [x]) => ({
  ...withRank(emit, x, node.shape.length),
  shape: node.shape,
})

const transpose: Lowering<'transpose'> = (_, node, [x]) => {
  const { permutation } = node.attributes
  return {
    ...x,
    shape: node.shape,
    extent: permutation.map((axis) => x.extent[axis]!),
    order: x.order.map((axis) => permutation.indexOf(axis)),
  }
}

/** Axes that a reshape joins or splits, as runs of equal size on both sides. */
function reshapeGroups(from: readonly number[], to: readonly number[]) {
  const groups: { readonly from: number[]; readonly to: number[] }[] = []
  let [i, j] = [0, 0]
  while (i < from.length || j < to.length) {
    const group = { from: [] as number[], to: [] as number[] }
    let [left, right] = [1, 1]
    const takeLeft = () => {
      group.from.push(i)
      left *= from[i++]!
    }
    const takeRight = () => {
      group.to.push(j)
      right *= to[j++]!
    }
    if (i < from.length) takeLeft()
    if (j < to.length) takeRight()
    while (left !== right)
      if (left < right) takeLeft()
      else takeRight()
    groups.push(group)
  }
  return groups
}

/** Keeps the layout and the lazy broadcasting where the axes that are joined lie side by side; else restores it first. */
const reshape: Lowering<'reshape'> = (emit, node, [x]) => {
  const groups = reshapeGroups(x.shape, node.shape)
  const long = (axis: number) => x.shape[axis] !== 1
  const whole = groups.map((group) => group.from.some((axis) => x.extent[axis] !== 1))
  const value = expanded(
    emit,
    x,
    groups.flatMap((group, g) => (whole[g] ? group.from.filter(long) : [])),
  )
  const runs = groups.map((group) => group.from.filter((axis) => value.extent[axis] !== 1))
  const sequence = movingAxes(value, value.order)
  const together = runs.every((run) => {
    const at = run.length > 0 ? sequence.indexOf(run[0]!) : 0
    return run.every((axis, i) => sequence[at + i] === axis)
  })
  if (!together) return reshape(emit, node, [reordered(emit, value, axesOf(value.shape)), x, x])

  const moving = sequence.flatMap((axis) => {
    const g = runs.findIndex((run) => run[0] === axis)
    return g < 0 ? [] : groups[g]!.to.filter((to) => node.shape[to] !== 1)
  })
  const extent = node.shape.map((length, axis) => (moving.includes(axis) ? length : 1))
  const ascending = moving.every((axis, i) => i === 0 || axis > moving[i - 1]!)
  const order = ascending
    ? axesOf(node.shape)
    : [...axesOf(node.shape).filter((axis) => !moving.includes(axis)), ...moving]
  const next: Value = { ...value, shape: node.shape, extent, order }
  return { ...next, name: emit.reshape(value.name, storedShape(value), storedShape(next)) }
}

const slice: Lowering<'slice'> = (emit, node, [x]) => {
  const cut = axesOf(x.shape).filter((axis) => x.extent[axis] !== node.shape[axis] && x.extent[axis] !== 1)
  const extent = x.extent.map((length, axis) => (length === 1 ? 1 : node.shape[axis]!))
  const next: Value = { ...x, shape: node.shape, extent }
  if (cut.length === 0) return next
  const begin = cut.map((axis) => node.attributes.begin[axis]!)
  const end = cut.map((axis, i) => begin[i]! + node.shape[axis]!)
  const positions = cut.map((axis) => x.order.indexOf(axis))
  return {
    ...next,
    name: emit.op('Slice', [x.name, emit.integers(begin), emit.integers(end), emit.integers(positions)]),
  }
}

const pad: Lowering<'pad'> = (emit, node, [x]) => {
  const grown = axesOf(x.shape).filter((axis) => x.shape[axis] !== node.shape[axis])
  const value = expanded(emit, numeric(emit, x), grown)
  const before = value.order.map((axis) => node.attributes.before[axis]!)
  const after = value.order.map((axis, i) => node.shape[axis]! - value.shape[axis]! - before[i]!)
  const extent = value.extent.map((length, axis) => (grown.includes(axis) ? node.shape[axis]! : length))
  const name = grown.length === 0 ? value.name : emit.op('Pad', [value.name, emit.integers([...before, ...after])])
  return { ...value, name, shape: node.shape, extent }
}

const concat: Lowering<'concat'> = (emit, node, operands) => {
  const { values, order, extent } = aligned(
    emit,
    operands.map((operand) => numeric(emit, operand)),
    node.shape.length,
  )
  const { axis } = node.attributes
  const full = axesOf(node.shape).filter((other) => other === axis || extent[other] !== 1)
  const names = values.map((value) => expanded(emit, value, full).name)
  return {
    name: emit.op('Concat', names, { axis: order.indexOf(axis) }),
    shape: node.shape,
    extent: extent.with(axis, node.shape[axis]!),
    order,
    dtype: node.dtype,
  }
}

/** Where the rows lie in the array does not matter: the axis is an attribute, and the others keep their order. */
const gather: Lowering<'gather'> = (emit, node, [x, indices]) => {
  const lazy = x.extent[0] === 1 && x.shape[0] !== 1
  const next: Value = {
    ...x,
    shape: node.shape,
    extent: x.extent.with(0, lazy ? 1 : node.shape[0]!),
  }
  if (lazy) return next
  const rows = expanded(emit, numeric(emit, indices))
  return { ...next, name: emit.op('Gather', [x.name, rows.name], { axis: x.order.indexOf(0) }) }
}

const scatterAdd: Lowering<'scatterAdd'> = (emit, node, [updates, indices]) => {
  const value = expanded(emit, numeric(emit, updates))
  const order = [0, ...value.order.filter((axis) => axis !== 0)]
  const rows = expanded(emit, numeric(emit, indices))
  const positions = emit.op('Cast', [emit.reshape(rows.name, rows.shape, [rows.shape[0]!, 1])], {
    to: dataType('int64'),
  })
  const result = stored('', node.shape, order, node.dtype)
  const zeros = emit.op('Expand', [emit.constant([0], [], node.dtype), emit.integers(storedShape(result))])
  const name = emit.op('ScatterND', [zeros, positions, reordered(emit, value, order).name], { reduction: 'add' })
  return { ...result, name }
}

export const movement: Lowerings<
  'broadcastTo' | 'reshape' | 'transpose' | 'slice' | 'pad' | 'concat' | 'gather' | 'scatterAdd'
> = { broadcastTo, reshape, transpose, slice, pad, concat, gather, scatterAdd }
