import '@tensorflow/tfjs-backend-cpu'
import {
  abs, add, avgPool, broadcastTo, cast, concat, constant, conv2d, conv2dTranspose, directEngine, div, equal, exp, fill,
  floor, foldIn, gather, greater, integers, keyFrom, log, matMul, max, maximum, minimum, mul, neg, normal, pad, reciprocal,
  relu, reshape, scatterAdd, where, sigmoid, sign, sizeOf, slice, sqrt, step, sub, sum, tanh, trace, transpose, vjp,
  type Args, type Engine, type Graph, type Primitive, type Tree,
} from '@haba/core' // prettier-ignore
import type { Tensor, Tensor1D, Tensor4D } from '@tensorflow/tfjs-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { onnxEngine } from '../engine.js'
import { held } from './held.fixture.js'

const key = keyFrom(11)
const permutations = (rank: number): number[][] =>
  rank === 0
    ? [[]]
    : permutations(rank - 1).flatMap((rest) =>
        rest.concat(rank - 1).map((_, i) => [...rest.slice(0, i), rank - 1, ...rest.slice(i)]),
      )

interface Case {
  readonly shapes: readonly (readonly number[])[]
  readonly fn: (...xs: Tensor[]) => Tree
  /** Upper end of int32 operands, in the order of `shapes`; null for floats. */
  readonly below?: readonly (number | null)[]
  readonly positive?: boolean
}

const four = [2, 3, 4, 5]
const one = (fn: (x: Tensor) => Tensor, positive = false): Case => ({ shapes: [four], fn, positive })
const two = (fn: (a: Tensor, b: Tensor) => Tensor): Case => ({
  shapes: [four, [4, 1]],
  // Small against big, equal sizes, both broadcast, and a layout that only the second operand has.
  fn: (a, b) => [
    fn(a, b),
    fn(b, a),
    fn(a, transpose(reshape(a, [2, 3, 5, 4]), [0, 1, 3, 2])),
    fn(b, reshape(b, [1, 4])),
  ],
})
const gradientOf = (fn: (x: Tensor) => Tensor, like: readonly number[]): Case => ({
  shapes: [like],
  fn: (x) => vjp((p: Tensor) => fn(p), x).pull(mul(fn(x), fn(x))),
})
const twice = (x: Tensor) => add(x, x)

const cases: Readonly<Record<string, Case>> = {
  neg: one(neg),
  exp: one(exp),
  log: one(log, true),
  sqrt: one(sqrt, true),
  reciprocal: one(reciprocal, true),
  abs: one(abs),
  sign: one(sign),
  floor: one(floor),
  sigmoid: one(sigmoid),
  tanh: one(tanh),
  relu: one(relu),
  step: one((x) => mul(step(x), x)),
  'cast to int32': one((x) => cast(mul(x, 3), 'int32')),
  'cast of a mask': one((x) => cast(cast(step(x), 'int32'), 'float32')),
  'int32 arithmetic': {
    shapes: [[3, 4], [4]],
    below: [9, 9],
    fn: (a, b) => [cast(add(a, b), 'int32'), cast(mul(a, b), 'int32'), greater(a, b), equal(a, b)],
  },
  'add, sub': two((a, b) => add(sub(a, b), b)),
  'mul, div': two((a, b) => mul(div(a, add(mul(b, b), 1)), b)),
  'maximum, minimum': two((a, b) => sub(maximum(a, b), minimum(a, b))),
  'greater, equal': two((a, b) => add(greater(a, b), equal(a, maximum(a, b)))),
  select: two((a, b) => where(greater(a, b), broadcastTo(twice(a), outer(a, b)), broadcastTo(b, outer(a, b)))),
  'select by numbers': one((x) => where(sub(step(x), 1), x, twice(x))),
  sum: {
    shapes: [four],
    fn: (x) => [sum(x), sum(x, [1, 2], true), sum(x, [3]), sum(x, [0, 1, 2]), sum(x, [])],
  },
  'sum of what is broadcast': {
    shapes: [[3, 1, 5]],
    fn: (x) => {
      const wide = broadcastTo(x, four.with(2, 6))
      return [
        sum(wide),
        sum(wide, [0]),
        sum(wide, [1, 2]),
        sum(wide, [0, 2], true),
        max(wide, [0, 1]),
        max(wide, [2], true),
      ]
    },
  },
  reduceMax: { shapes: [four], fn: (x) => [max(x), max(x, [1, 2], true), max(x, 3)] },
  broadcastTo: { shapes: [[4, 1]], fn: (x) => [broadcastTo(x, [3, 4, 2]), mul(broadcastTo(x, [3, 4, 2]), 2)] },
  reshape: {
    shapes: [four],
    fn: (x) => [
      twice(reshape(x, [2, 12, 5])),
      twice(reshape(x, [6, 1, 20])),
      twice(reshape(x, [120])),
      twice(reshape(x, [2, 3, 2, 2, 5, 1])),
      twice(reshape(x, [1, 2, 3, 1, 4, 5])),
      twice(reshape(x, [5, 4, 3, 2])),
    ],
  },
  'reshape of what is broadcast': {
    shapes: [[3, 1, 5]],
    fn: (x) => {
      const wide = broadcastTo(x, four)
      return [[2, 12, 5], [6, 20], [2, 3, 2, 2, 5], [120], [1, 2, 3, 4, 5], [5, 24]].map((shape) =>
        twice(reshape(wide, shape)),
      )
    },
  },
  transpose: { shapes: [four], fn: (x) => [transpose(x, [3, 0, 2, 1]), twice(transpose(x, [1, 0, 3, 2]))] },
  slice: {
    shapes: [four, [3, 1, 5]],
    fn: (x, y) => [
      slice(x, [0, 1, 1, 2], [2, 2, 2, 3]),
      slice(broadcastTo(y, four), [1, 1, 1, 0], [1, 2, 2, 5]),
      slice(x, [1, 0, 0, 0], [1, 3, 4, 5]),
    ],
  },
  pad: {
    shapes: [four, [3, 1, 5]],
    fn: (x, y) => [
      pad(x, [0, 1, 2, 0], [0, 0, 1, 3]),
      pad(broadcastTo(y, four), [0, 1, 1, 0], [0, 2, 0, 0]),
      pad(step(x), [1, 0, 0, 0], [0, 0, 0, 0]),
    ],
  },
  concat: {
    shapes: [four, [2, 3, 4, 1], [3, 1, 5]],
    fn: (x, y, z) => [
      concat([x, y, x], 3),
      concat([x, broadcastTo(z, four)], 1),
      concat([broadcastTo(z, four), broadcastTo(z, four)], 0),
      concat([x, x, step(x), x], 2),
    ],
  },
  gather: {
    shapes: [[6, 2, 3], [9], [2, 3]],
    below: [null, 6, null],
    fn: (x, rows, y) => [gather(x, rows as Tensor1D), gather(broadcastTo(y, [6, 2, 3]), rows as Tensor1D)],
  },
  scatterAdd: {
    shapes: [[40, 2, 3], [40], [2, 3]],
    below: [null, 5, null],
    fn: (x, rows, y) => [
      scatterAdd(x, rows as Tensor1D, 7),
      scatterAdd(broadcastTo(y, [40, 2, 3]), rows as Tensor1D, 5),
    ],
  },
  matMul: {
    shapes: [
      [3, 4],
      [4, 5],
      [4, 3],
      [5, 4],
    ],
    fn: (a, b, at, bt) => [
      matMul(a, b),
      matMul(at, b, { a: true }),
      matMul(a, bt, { b: true }),
      matMul(at, bt, { a: true, b: true }),
      matMul(transpose(at, [1, 0]), bt, { b: true }),
    ],
  },
  'matMul in batches': {
    shapes: [
      [2, 3, 4],
      [2, 4, 5],
      [2, 4, 3],
      [4, 1],
      [1, 5],
    ],
    fn: (a, b, at, tall, flat) => [
      matMul(a, b),
      matMul(at, b, { a: true }),
      matMul(b, a, { a: true, b: true }),
      matMul(a, broadcastTo(tall, [2, 4, 5])),
      matMul(broadcastTo(transpose(tall, [1, 0]), [2, 3, 4]), b),
      matMul(a, broadcastTo(flat, [2, 4, 5])),
      twice(matMul(broadcastTo(tall, [2, 4, 3]), broadcastTo(flat, [2, 4, 5]), { a: true })),
    ],
  },
  conv2d: {
    shapes: [[2, 7, 6, 3], [3, 3, 3, 4], [4]],
    fn: (x, kernel, bias) => {
      const y = conv2d(x as Tensor4D, kernel as Tensor4D, { pad: 1 })
      // Read twice, so that a folded bias must not reach the second reader.
      return [relu(add(conv2d(x as Tensor4D, kernel as Tensor4D, { stride: 2 }), bias)), add(y, bias), y]
    },
  },
  conv2dTranspose: {
    shapes: [[2, 4, 3, 3], [4, 4, 2, 3], [2]],
    fn: (x, kernel, bias) => add(conv2dTranspose(x as Tensor4D, kernel as Tensor4D, { stride: 2, pad: 1 }), bias),
  },
  'conv2d of what is broadcast': {
    shapes: [
      [1, 6, 1],
      [3, 3, 1, 4],
    ],
    fn: (x, kernel) => conv2d(broadcastTo(x, [2, 7, 6, 3]), broadcastTo(kernel, [3, 3, 3, 4]), { pad: 1 }),
  },
  'conv2d, all three': {
    shapes: [
      [2, 6, 6, 3],
      [3, 3, 3, 4],
    ],
    fn: (x, kernel) =>
      vjp((p: readonly [Tensor4D, Tensor4D]) => conv2d(p[0], p[1], { stride: 2, pad: 1 }), [
        x as Tensor4D,
        kernel as Tensor4D,
      ] as const).pull(conv2d(x as Tensor4D, kernel as Tensor4D, { stride: 2, pad: 1 })),
  },
  'avgPool, size 2': gradientOf((x) => avgPool(x as Tensor4D, 2), [2, 6, 4, 3]),
  'avgPool, size 2 with a remainder': gradientOf((x) => avgPool(x as Tensor4D, 2), [2, 7, 5, 3]),
  'avgPool, overlapping': gradientOf((x) => avgPool(x as Tensor4D, 3, 2), [2, 7, 8, 3]),
  'avgPool, gaps': gradientOf((x) => avgPool(x as Tensor4D, 2, 3), [2, 8, 7, 3]),
  'avgPool over everything': gradientOf((x) => avgPool(x as Tensor4D, 4), [2, 4, 4, 3]),
  sources: {
    shapes: [[2, 3]],
    fn: (x) => [fill([2, 3], 2.5), add(x, constant([1, 2, 3], [3])), constant([1, 2], [2]), x],
  },
}

const outer = (a: Tensor, b: Tensor): number[] => {
  const rank = Math.max(a.rank, b.rank)
  const padded = (x: Tensor) => [...Array<number>(rank - x.rank).fill(1), ...x.shape]
  return padded(a).map((length, i) => Math.max(length, padded(b)[i]!))
}

const onnx = onnxEngine()
let reference: Engine
beforeAll(async () => {
  reference = await directEngine({ backend: 'cpu' })
})
afterAll(() => onnx.close())

const values = (name: string, { shapes, below, positive }: Case, i: number) => {
  const size = sizeOf(shapes[i]!)
  const limit = below?.[i]
  if (limit) return integers(foldIn(key, `${name} ${i}`), size, limit)
  const drawn = normal(foldIn(key, `${name} ${i}`), size)
  return positive ? drawn.map((x) => Math.abs(x) + 0.1) : drawn
}

const flat = (tree: Tree): Tensor[] => (Array.isArray(tree) ? (tree as Tree[]).flatMap(flat) : [tree as Tensor])

test.each(Object.entries(cases))('%s', async (name, tried) => {
  const data = tried.shapes.map((_, i) => values(name, tried, i))
  const fn = tried.fn as (...args: Args[]) => Tree
  const logical = data.map((array, i) =>
    held(
      array,
      tried.shapes[i]!,
      tried.shapes[i]!.map((_, axis) => axis),
    ),
  )
  const expected = flat(await reference.compile(name, fn)(...logical))
  const compiled = onnx.compile(name, fn)
  // Layouts of the first input; the others in turn.
  for (const [turn, order] of permutations(tried.shapes[0]!.length)
    .filter((_, i) => i % 4 === 0)
    .entries()) {
    const inputs = data.map((array, i) => {
      const orders = permutations(tried.shapes[i]!.length)
      return held(array, tried.shapes[i]!, i === 0 ? order : orders[turn % orders.length]!)
    })
    const found = flat(await compiled(...inputs))
    expect(found.length).toBe(expected.length)
    expect(found.length).toBeGreaterThan(0)
    found.forEach((tensor, i) => {
      expect([tensor.shape, tensor.dtype]).toEqual([expected[i]!.shape, expected[i]!.dtype])
      const [got, want] = [tensor.dataSync(), expected[i]!.dataSync()]
      const worst = Math.max(...got.map((x, j) => Math.abs(x - want[j]!) / (1 + Math.abs(want[j]!))))
      expect(worst, `output ${i}, order ${order}`).toBeLessThan(1e-5)
    })
  }
})

test('the cases above cover every primitive', () => {
  const seen = new Set<Primitive>()
  for (const [name, tried] of Object.entries(cases)) {
    const args = tried.shapes.map((shape, i) =>
      held(
        values(name, tried, i),
        shape,
        shape.map((_, axis) => axis),
      ),
    )
    const { graph }: { readonly graph: Graph } = trace(tried.fn, args)
    for (const { op } of graph.nodes) seen.add(op)
  }
  const all: Readonly<Record<Primitive, true>> = {
    input: true, constant: true, fill: true, neg: true, exp: true, log: true, sqrt: true, reciprocal: true, abs: true,
    sign: true, floor: true, sigmoid: true, tanh: true, relu: true, step: true, cast: true, add: true, sub: true,
    mul: true, div: true, maximum: true, minimum: true, greater: true, equal: true, select: true, sum: true,
    reduceMax: true, broadcastTo: true, reshape: true, transpose: true, slice: true, pad: true, concat: true,
    gather: true, scatterAdd: true, matMul: true, conv2d: true, conv2dInput: true, conv2dFilter: true, avgPool: true,
    avgPoolInput: true,
  } // prettier-ignore
  expect([...seen].sort()).toEqual(Object.keys(all).sort())
})
