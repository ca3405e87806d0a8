import { sizeOf, type Node, type Primitive } from '@haba/core'
import { broadcastPositions, positions, stridesOf } from './positions.js'
import { convolutionKernels } from './convolution.js'
import type { Kernels } from './kernel.js'

const unary =
  (fn: (x: number) => number) =>
  (_: Node, x?: Float64Array): Float64Array =>
    x!.map(fn)

const binary =
  (fn: (a: number, b: number) => number) =>
  ({ inputs: [left, right], shape }: Node, a?: Float64Array, b?: Float64Array): Float64Array => {
    const [i, j] = [broadcastPositions(left!.shape, shape), broadcastPositions(right!.shape, shape)]
    return Float64Array.from(i, (at, k) => fn(a![at]!, b![j[k]!]!))
  }

const pick = (x: Float64Array, from: Int32Array) => Float64Array.from(from, (i) => x[i]!)

/** Puts every element of an operand somewhere in zeros. */
function put(into: Float64Array, x: Float64Array, at: Int32Array): Float64Array {
  x.forEach((value, i) => (into[at[i]!] = value))
  return into
}

/** For every element of the operand, the element of the result that it is reduced to. */
function reducedPositions({ inputs: [x], attributes: { axes } }: Extract<Node, { op: 'sum' | 'reduceMax' }>) {
  const kept = x!.shape.map((length, axis) => (axes.includes(axis) ? 1 : length))
  return broadcastPositions(kept, x!.shape)
}

export const kernels: Kernels<Primitive> = {
  ...convolutionKernels,
  input: () => {
    throw new Error('an input is given, not computed')
  },
  constant: ({ attributes }) => Float64Array.from(attributes.values),
  fill: ({ attributes, shape }) => new Float64Array(sizeOf(shape)).fill(attributes.value),
  neg: unary((x) => -x),
  exp: unary(Math.exp),
  log: unary(Math.log),
  sqrt: unary(Math.sqrt),
  reciprocal: unary((x) => 1 / x),
  abs: unary(Math.abs),
  sign: unary(Math.sign),
  floor: unary(Math.floor),
  sigmoid: unary((x) => 1 / (1 + Math.exp(-x))),
  tanh: unary(Math.tanh),
  relu: unary((x) => Math.max(x, 0)),
  step: unary((x) => (x > 0 ? 1 : 0)),
  cast: ({ dtype }, x) => (dtype === 'int32' ? x.map(Math.trunc) : x),
  add: binary((a, b) => a + b),
  sub: binary((a, b) => a - b),
  mul: binary((a, b) => a * b),
  div: binary((a, b) => a / b),
  maximum: binary(Math.max),
  minimum: binary(Math.min),
  greater: binary((a, b) => (a > b ? 1 : 0)),
  equal: binary((a, b) => (a === b ? 1 : 0)),
  select: (_, mask, a, b) => mask.map((m, i) => (m === 0 ? b[i]! : a[i]!)),
  sum: (node, x) => {
    const y = new Float64Array(sizeOf(node.shape))
    reducedPositions(node).forEach((at, i) => (y[at]! += x[i]!))
    return y
  },
  reduceMax: (node, x) => {
    const y = new Float64Array(sizeOf(node.shape)).fill(-Infinity)
    reducedPositions(node).forEach((at, i) => (y[at] = Math.max(y[at]!, x[i]!)))
    return y
  },
  broadcastTo: ({ inputs: [from], shape }, x) => pick(x, broadcastPositions(from!.shape, shape)),
  reshape: (_, x) => x,
  transpose: ({ inputs: [from], attributes: { permutation }, shape }, x) => {
    const strides = stridesOf(from!.shape)
    return pick(
      x,
      positions(
        shape,
        permutation.map((axis) => strides[axis]!),
      ),
    )
  },
  slice: ({ inputs: [from], attributes: { begin }, shape }, x) => {
    const strides = stridesOf(from!.shape)
    return pick(x, positions(shape, strides, offsetOf(begin, strides)))
  },
  pad: ({ inputs: [from], attributes: { before }, shape }, x) => {
    const strides = stridesOf(shape)
    return put(new Float64Array(sizeOf(shape)), x, positions(from!.shape, strides, offsetOf(before, strides)))
  },
  concat: ({ inputs, attributes: { axis }, shape }, ...operands) => {
    const strides = stridesOf(shape)
    const result = new Float64Array(sizeOf(shape))
    let begin = 0
    inputs.forEach((part, i) => {
      put(result, operands[i]!, positions(part.shape, strides, begin * strides[axis]!))
      begin += part.shape[axis]!
    })
    return result
  },
  gather: ({ shape }, x, indices) => {
    const row = sizeOf(shape.slice(1))
    return Float64Array.from({ length: sizeOf(shape) }, (_, i) => x[indices[Math.floor(i / row)]! * row + (i % row)]!)
  },
  scatterAdd: ({ shape }, updates, indices) => {
    const row = sizeOf(shape.slice(1))
    const result = new Float64Array(sizeOf(shape))
    updates.forEach((value, i) => (result[indices[Math.floor(i / row)]! * row + (i % row)]! += value))
    return result
  },
  matMul: ({ inputs: [left], attributes: { transposeA, transposeB }, shape }, a, b) => {
    const [m, n] = shape.slice(-2) as [number, number]
    const k = left!.shape.at(transposeA ? -2 : -1)!
    const result = new Float64Array(sizeOf(shape))
    for (let i = 0; i < result.length; i++) {
      const [batch, row, column] = [Math.floor(i / (m * n)), Math.floor(i / n) % m, i % n]
      let total = 0
      for (let j = 0; j < k; j++)
        total +=
          a[batch * m * k + (transposeA ? j * m + row : row * k + j)]! *
          b[batch * k * n + (transposeB ? column * k + j : j * n + column)]!
      result[i] = total
    }
    return result
  },
}

const offsetOf = (begin: readonly number[], strides: readonly number[]): number =>
  begin.reduce((total, at, axis) => total + at * strides[axis]!, 0)
