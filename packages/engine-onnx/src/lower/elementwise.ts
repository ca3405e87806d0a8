import type { Node, Primitive } from '@haba/core'
import type { Emitter } from './emitter.js'
import { dataType } from './onnx-model.js'
import { aligned, expanded, numeric, plain, sameNumbers, withRank, type Value } from './value.js'
import type { Lowering, Lowerings } from './lowering.js'

const unary =
  (type: string) =>
  (emit: Emitter, node: Node, [x]: readonly [Value, ...unknown[]]): Value => {
    const value = numeric(emit, x)
    return { ...value, dtype: node.dtype, name: emit.op(type, [value.name]) }
  }

const binary =
  (type: string) =>
  (emit: Emitter, node: Node, [a, b]: readonly [Value, Value, ...unknown[]]): Value => {
    const operands = [numeric(emit, a), numeric(emit, b)]
    const { values, order, extent } = aligned(emit, operands, node.shape.length)
    const name = emit.op(
      type,
      values.map((value) => value.name),
    )
    return { name, shape: node.shape, extent, order, dtype: node.dtype }
  }

/** Comparisons stay bool until something computes with them. */
const comparison =
  (type: string) =>
  (emit: Emitter, node: Node, operands: readonly [Value, Value, ...unknown[]]): Value => ({
    ...binary(type)(emit, node, operands),
    mask: true,
  })

const add: Lowering<'add'> = (emit, node, operands) =>
  biased(emit, operands[0], operands[1]) ??
  biased(emit, operands[1], operands[0]) ??
  binary('Add')(emit, node, operands)

/** Folds a vector along the channels into the convolution that it is added to. */
function biased(emit: Emitter, convolution: Value, vector: Value): Value | undefined {
  const { withBias, shape } = convolution
  if (!withBias || vector.shape.length > shape.length) return undefined
  const bias = withRank(emit, numeric(emit, vector), shape.length)
  const channels = shape.length - 1
  if (bias.extent.some((length, axis) => axis !== channels && length !== 1)) return undefined
  const whole = expanded(emit, { ...bias, shape: bias.extent.with(channels, shape[channels]!) })
  const name = withBias(
    emit.reshape(
      whole.name,
      whole.order.map((axis) => whole.extent[axis]!),
      [shape[channels]!],
    ),
  )
  return plain({ ...convolution, name })
}

const mul: Lowering<'mul'> = (emit, node, operands) => {
  const [a, b] = [numeric(emit, operands[0]), numeric(emit, operands[1])]
  const result = binary('Mul')(emit, node, operands)
  const { values } = aligned(emit, [a, b], node.shape.length)
  const alike = node.dtype === 'float32' && values.every(({ extent }) => sameNumbers(extent, result.extent))
  return alike ? { ...result, product: [values[0]!.name, values[1]!.name] } : result
}

/** A comparison with 0, as a mask. */
const positive = (emit: Emitter, value: Value): Value => ({
  ...value,
  name: emit.op('Greater', [value.name, emit.constant([0], [], value.dtype)]),
  mask: true,
})

/**
 * HardSigmoid is `max(0, min(1, α·x + β))`, which no α makes a step; but with the largest one there is, it rises between
 * 0 and the smallest normal float. One pass, where a comparison and a cast are two.
 */
const step: Lowering<'step'> = (emit, node, [x]) => {
  const value = numeric(emit, x)
  if (value.dtype !== 'float32' || emit.traits.step === 'greater')
    return { ...positive(emit, value), dtype: node.dtype }
  const name = emit.op('HardSigmoid', [value.name], { alpha: { float: 3.4e38 }, beta: { float: 0 } })
  return { ...value, name, dtype: node.dtype }
}

const sign: Lowering<'sign'> = (emit, node, operands) => {
  if (emit.traits.sign === 'sign') return unary('Sign')(emit, node, operands)
  const value = numeric(emit, operands[0])
  const opposite = { ...value, name: emit.op('Neg', [value.name]) }
  const [above, below] = [value, opposite].map((side) => numeric(emit, positive(emit, side)).name)
  return { ...value, name: emit.op('Sub', [above!, below!]) }
}

const floor: Lowering<'floor'> = (emit, node, operands) =>
  operands[0].dtype === 'int32' ? numeric(emit, operands[0]) : unary('Floor')(emit, node, operands)

const cast: Lowering<'cast'> = (emit, node, [x]) => {
  if (x.dtype === node.dtype || x.mask) return { ...x, dtype: node.dtype }
  const name = emit.op('Cast', [x.name], { to: dataType(node.dtype) })
  return { ...x, name, dtype: node.dtype }
}

const select: Lowering<'select'> = (emit, node, [mask, a, b]) => {
  const condition = mask.mask
    ? mask
    : { ...mask, mask: true, name: emit.op('Cast', [mask.name], { to: dataType('bool') }) }
  const { values, order, extent } = aligned(emit, [condition, numeric(emit, a), numeric(emit, b)], node.shape.length)
  const name = emit.op(
    'Where',
    values.map((value) => value.name),
  )
  return { name, shape: node.shape, extent, order, dtype: node.dtype }
}

type Elementwise = Extract<
  Primitive,
  | 'neg' | 'exp' | 'log' | 'sqrt' | 'reciprocal' | 'abs' | 'sign' | 'floor' | 'sigmoid' | 'tanh' | 'relu' | 'step'
  | 'cast' | 'add' | 'sub' | 'mul' | 'div' | 'maximum' | 'minimum' | 'greater' | 'equal' | 'select'
> // prettier-ignore

export const elementwise: Lowerings<Elementwise> = {
  neg: unary('Neg'),
  exp: unary('Exp'),
  log: unary('Log'),
  sqrt: unary('Sqrt'),
  reciprocal: unary('Reciprocal'),
  abs: unary('Abs'),
  sigmoid: unary('Sigmoid'),
  tanh: unary('Tanh'),
  relu: unary('Relu'),
  floor,
  sign,
  step,
  cast,
  add,
  sub: binary('Sub'),
  mul,
  div: binary('Div'),
  maximum: binary('Max'),
  minimum: binary('Min'),
  greater: comparison('Greater'),
  equal: comparison('Equal'),
  select,
}
