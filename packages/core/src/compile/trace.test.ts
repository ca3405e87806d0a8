import { engine, type Tensor, type Tensor1D } from '@tensorflow/tfjs-core'
import { describe, expect, it } from 'vitest'
import { grad } from '../autodiff/grad.js'
import { add, div, exp, mul, neg, relu, where, sub } from '../ops/elementwise.js'
import { broadcastTo, concat, pad, reshape, slice, sum, transpose } from '../ops/layout.js'
import { matMul } from '../ops/linear.js'
import { constant, fill, zerosLike } from '../ops/sources.js'
import type { Args, Tree } from '../spec/tree.js'
import { scalar, tensor } from '../tree/host.js'
import { tensorLeaves } from '../tree/tree.js'
import { traceLinear } from './linearize.js'
import { trace } from './trace.js'

const x = tensor([1, 2, 3, 4, 5, 6], [2, 3])
const y = tensor([1, 1, 1, 1, 1, 1], [2, 3])
const opsOf = (fn: (...args: Tensor[]) => Tree, ...args: Tensor[]) => trace(fn, args).graph.nodes.map(({ op }) => op)

describe('trace', () => {
  it('gives nodes with operands first, and inputs as the arguments stand', () => {
    const { graph } = trace((a: { t: Tensor; by: number }, b: Tensor) => exp(mul(add(a.t, b), a.by)), [
      { t: x, by: 3 },
      y,
    ] as const)
    expect(graph.nodes.map(({ op }) => op)).toEqual(['input', 'input', 'add', 'fill', 'mul', 'exp'])
    expect(graph.inputs.map(({ attributes }) => attributes)).toEqual([{ index: 0 }, { index: 1 }])
    expect(graph.outputs.map(({ op, shape, dtype }) => ({ op, shape, dtype }))).toEqual([
      { op: 'exp', shape: [2, 3], dtype: 'float32' },
    ])
    const places = new Map(graph.nodes.map((node, i) => [node, i]))
    graph.nodes.forEach((node, i) => node.inputs.forEach((input) => expect(places.get(input)).toBeLessThan(i)))
  })

  it('lists every argument as an input, used or not, and drops dead code', () => {
    const { graph } = trace(
      (a: Tensor, _: Tensor) => {
        exp(exp(a))
        return neg(a)
      },
      [x, y],
    )
    expect(graph.inputs.length).toBe(2)
    expect(graph.nodes.map(({ op }) => op)).toEqual(['input', 'neg'])
  })

  it('puts outputs back into the shape of the result', () => {
    const { graph, result } = trace((a: Tensor) => ({ b: [neg(a)], a: exp(a) }), [x])
    expect(graph.outputs.map(({ op }) => op)).toEqual(['exp', 'neg'])
    const [one, two] = [scalar(1), scalar(2)]
    expect(result([one, two])).toEqual({ b: [two], a: one })
  })

  it('freezes captured tensors into constants', () => {
    const captured = tensor([1, 2, 3], [3])
    const { graph } = trace((a: Tensor) => mul(a, captured), [x])
    const [frozen] = graph.nodes.filter(({ op }) => op === 'constant')
    expect(frozen?.attributes).toEqual({ values: Float32Array.of(1, 2, 3) })
    expect(trace(() => captured as Tree, []).graph.outputs[0]!.op).toBe('constant')
  })

  it('refuses a look at values, and a trace inside a trace', () => {
    expect(() => trace((a: Tensor) => scalar(a.dataSync()[0]!), [x])).toThrow(
      /^compile: expected a function that reads no tensor values, got a read of a traced tensor/,
    )
    expect(() => trace((a: Tensor) => trace((b: Tensor) => b, [a]).result([a]), [x])).toThrow(
      'compile: expected one trace at a time',
    )
    // Tracing works after a failure.
    expect(opsOf((a) => neg(a!), x)).toEqual(['input', 'neg'])
  })

  it('needs no backend and leaves no tensor behind', () => {
    const alive = engine().state.numTensors
    const program = trace((a: Tensor1D) => grad((b: Tensor1D) => sum(exp(mul(b, b))), a), [x as Tensor as Tensor1D])
    traceLinear((a: Tensor) => exp(a), [x])
    expect(engine().state.numTensors).toBe(alive)
    expect(program.graph.outputs[0]!.shape).toEqual([2, 3])
  })
})

describe('simplification', () => {
  const gone = (name: string, fn: (a: Tensor) => Tensor) =>
    it(`${name} is nothing`, () => expect(opsOf((a) => fn(a!), x)).toEqual(['input']))
  const known = (name: string, value: number, fn: (a: Tensor) => Tensor) =>
    it(`${name} is known`, () => {
      const { nodes } = trace(fn, [x]).graph
      expect(nodes.map(({ op, attributes }) => ({ op, attributes }))).toEqual([{ op: 'fill', attributes: { value } }])
    })

  gone('x + 0', (a) => add(a, 0))
  gone('0 + x', (a) => add(0, a))
  gone('x - 0', (a) => sub(a, zerosLike(a)))
  gone('x · 1', (a) => mul(a, 1))
  gone('1 · x', (a) => mul(fill([2, 3], 1), a))
  gone('x / 1', (a) => div(a, 1))
  gone('--x', (a) => neg(neg(a)))
  gone('a transpose and back', (a) => transpose(transpose(a, [1, 0]), [1, 0]))
  gone('a reshape and back', (a) => reshape(reshape(a, [6]), [2, 3]))
  gone('a whole slice', (a) => slice(a, [0, 0], [2, 3]))
  gone('a pad by nothing', (a) => pad(a, [0, 0], [0, 0]))
  gone('a join of one', (a) => concat([a], 0))
  known('x · 0', 0, (a) => mul(a, 0))
  known('0 / x', 0, (a) => div(0, a))
  known('0 · y as a product', 0, (a) => matMul(a, fill([3, 4], 0)))
  known('2 · 3 + 1', 7, () => add(mul(fill([], 2), 3), 1))
  known('√ and e of numbers', Math.exp(2), () => exp(div(fill([], 6), 3)))
  known('a sum of equal numbers', 6, () => sum(broadcastTo(fill([], 1), [2, 3])))
  known('a choice between equals', 5, (a) => where(a, 5, 5))

  it('computes equal things once', () => {
    expect(opsOf((a, b) => [exp(add(a!, b!)), exp(add(a!, b!))], x, y)).toEqual(['input', 'input', 'add', 'exp'])
  })

  it('keeps apart what only looks equal', () => {
    expect(opsOf((a) => [slice(a!, [0, 0], [1, 3]), slice(a!, [1, 0], [1, 3])], x)).toEqual(['input', 'slice', 'slice'])
    const [one, two] = [tensor([1, 2, 3], [3]), tensor([4, 5, 6], [3])]
    expect(opsOf((a) => [add(a!, one), add(a!, two)], x).filter((op) => op === 'constant').length).toBe(2)
    expect(opsOf((a) => [constant([1], [1]), constant([2], [1]), a!], x)).toEqual(['input', 'constant', 'constant'])
  })

  it('keeps apart numbers that JSON writes alike', () => {
    const values = (fn: (a: Tensor) => Tree) =>
      trace(fn, [x]).graph.outputs.map(({ op, attributes }) => (op === 'fill' ? attributes.value : op))
    const numbers = [NaN, Infinity, -Infinity, 0, -0]
    expect(values(() => numbers.map((value) => fill([2], value)))).toEqual(numbers)
    // 0 and -0 differ, so neither `where` nor `concat` may merge them.
    expect(values((a) => where(a, fill([2, 3], 0), fill([2, 3], -0)))).toEqual(['select'])
    expect(values(() => concat([fill([1], 0), fill([1], -0)], 0))).toEqual(['concat'])
  })

  it('multiplies by numbers once', () => {
    const { nodes } = trace((a: Tensor) => mul(mul(div(a, 4), 2), 6), [x]).graph
    expect(nodes.map(({ op }) => op).filter((op) => op === 'mul').length).toBe(1)
    expect(nodes.find(({ op }) => op === 'fill')?.attributes).toEqual({ value: 3 })
  })

  it('keeps the shape that a vanished operand gave', () => {
    const { outputs } = trace((a: Tensor) => [add(a, fill([4, 2, 3], 0)), mul(fill([4, 1, 1], 1), a)], [x]).graph
    expect(outputs.map(({ op, shape }) => ({ op, shape }))).toEqual(
      Array(2).fill({ op: 'broadcastTo', shape: [4, 2, 3] }),
    )
  })

  it('leaves no product with one in a gradient', () => {
    const slope = (a: Tensor) => grad((b: Tensor) => sum(relu(b)), a)
    expect(opsOf((a) => slope(a!), x)).toEqual(['input', 'step'])
  })
})

describe('traceLinear', () => {
  const split = (fn: (a: Tensor, ...rest: Args[]) => Tree, ...args: [Tensor, ...Tensor[]]) => traceLinear(fn, args)

  it('computes in advance what does not depend on the cotangent', () => {
    const { forward, backward } = split((a) => exp(matMul(a, transpose(a, [1, 0]))), x)
    const products = (graph: typeof forward.graph) => graph.nodes.filter(({ op }) => op === 'matMul').length
    expect([products(forward.graph), products(backward.graph)]).toEqual([1, 2])
    // Kept values, then the cotangent.
    expect(backward.graph.inputs.at(-1)!.shape).toEqual([2, 2])
    expect(forward.graph.outputs.length).toBe(backward.graph.inputs.length)
  })

  it('keeps one of a chain of passes, and makes the others again from it', () => {
    const { backward } = split((a) => exp(relu(exp(matMul(a, transpose(a, [1, 0]))))), x)
    // The input, the first exponential and the cotangent; the second exponential is recomputed.
    expect(backward.graph.inputs).toHaveLength(3)
    expect(backward.graph.nodes.filter(({ op }) => op === 'exp')).toHaveLength(1)
    expect(backward.graph.nodes.filter(({ op }) => op === 'relu')).toHaveLength(1)
  })

  it('keeps nothing for what is linear', () => {
    const { forward, backward } = split((a) => neg(transpose(a, [1, 0])), x)
    expect(forward.graph.outputs.length).toBe(1)
    expect(backward.graph.inputs.map(({ shape }) => shape)).toEqual([[3, 2]])
  })

  it('keeps what is small rather than what is quickly made of it', () => {
    const { backward } = split((a, b) => mul(a, broadcastTo(b as Tensor, [2, 3])), x, tensor([1, 2, 3], [3]))
    expect(backward.graph.inputs.map(({ shape }) => shape)).toEqual([[3], [2, 3]])
  })

  it('gives results in their places', () => {
    const { forward } = split((a, b) => ({ z: add(a, b as Tensor), a }), x, y)
    const made = forward.result(forward.graph.outputs.map((_, i) => scalar(i)))
    expect(tensorLeaves(made.value).map((t) => t.dataSync()[0])).toEqual([0, 1])
    expect(Object.keys(made.value)).toEqual(['z', 'a'])
  })
})
