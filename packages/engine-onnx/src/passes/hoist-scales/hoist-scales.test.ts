import {
  add, avgPool, conv2d, div, foldIn, grad, groupNorm, instanceNorm, integers, keyFrom, layerNorm, mean, mul, neg,
  relu, sizeOf, square, sub, sum, tanh, trace, vjp, type Graph, type Key, type Tree,
} from '@haba/core' // prettier-ignore
import type { Scalar, Tensor, Tensor4D } from '@tensorflow/tfjs-core'
import { describe, expect, test } from 'vitest'
import { drawn, expectSame } from '../same-values.fixture.js'
import { hoistScales } from './hoist-scales.js'

const expectFactored = (graph: Graph, args: readonly Tensor[], tolerance: number) =>
  expectSame(graph, hoistScales(graph, 1), args, tolerance)

const full = [2, 3, 4, 5]
const shapes = [full, full, [2, 1, 1, 5], [5], [1, 3, 1, 1], []]

/** A program of random sums, products and quotients of large and small values. */
function randomProgram(key: Key) {
  return (...inputs: Tensor[]): Tree => {
    const large = inputs.slice(0, 2)
    const small = inputs.slice(2)
    const choose = integers(key, 400, 1 << 20)
    let at = 0
    const pick = <T>(from: readonly T[]): T => from[choose[at++]! % from.length]!
    for (let i = 0; i < 24; i++) {
      const [x, y, s] = [pick(large), pick(large), pick(small)]
      const steps: (() => Tensor)[] = [
        () => add(x, y),
        () => sub(x, y),
        () => mul(tanh(x), y),
        () => mul(x, s),
        () => add(s, x),
        () => sub(s, x),
        () => neg(x),
        () => div(x, add(square(s), 1)),
        () => div(x, add(square(y), 1)),
        () => mul(x, 0.5),
        () => div(x, mul(add(square(s), 1), -2)),
        () => relu(x),
        () => sub(x, mean(x, pick([[1, 2], [0], [3], [0, 1, 2]]), true)),
      ]
      large.push(pick(steps)())
      const summed = sum(
        mul(pick(large), 0.1),
        pick([
          [1, 2],
          [0, 1, 2],
          [1, 2, 3],
        ]),
        true,
      )
      if (i % 3 === 0) small.push(tanh(pick([summed, neg(summed), mul(summed, pick(small))])))
    }
    return [...large.slice(-3), sum(large.at(-1)!, [0, 1, 2]), sum(large.at(-2)!), sum(neg(large.at(-4)!), [3])]
  }
}

test.each(Array.from({ length: 30 }, (_, i) => i))('random program %i gives the same values', async (seed) => {
  const key = foldIn(keyFrom(5), seed)
  const args = shapes.map((shape, i) => drawn(foldIn(key, `argument ${i}`), shape))
  await expectFactored(trace(randomProgram(foldIn(key, 'program')), args).graph, args, 1e-3)
})

const norms = {
  instanceNorm: (x: Tensor4D, scale: Tensor, shift: Tensor) => instanceNorm(x, scale, shift),
  groupNorm: (x: Tensor4D, scale: Tensor, shift: Tensor) => groupNorm(x, scale, shift, 2),
  layerNorm: (x: Tensor4D, scale: Tensor, shift: Tensor) => layerNorm(x, scale, shift),
}

/** Elements of all results as large as the largest activations: what the passes over memory cost. */
const passes = ({ nodes }: Graph, size: number) =>
  nodes.filter(({ op, shape }) => sizeOf(shape) >= size && !['input', 'fill', 'broadcastTo', 'reshape'].includes(op))
    .length

describe.each(Object.entries(norms))('%s', (name, norm) => {
  const key = foldIn(keyFrom(6), name)
  const affine = name === 'layerNorm' ? [8, 8, 4] : [4]
  const args = [[3, 8, 8, 2], [3, 3, 2, 4], affine, affine, [4], [3, 4, 4, 4]].map((shape, i) =>
    drawn(foldIn(key, i), shape),
  )
  const layer = (x: Tensor, kernel: Tensor, scale: Tensor, shift: Tensor, bias: Tensor) =>
    avgPool(
      relu(
        norm(add(conv2d(x as Tensor4D, kernel as Tensor4D, { pad: 1 }), bias) as Tensor4D, scale, shift),
      ) as Tensor4D,
      2,
    )
  const first = (x: Tensor, kernel: Tensor, scale: Tensor, shift: Tensor, bias: Tensor, dy: Tensor) =>
    vjp(({ k, b }: { k: Tensor; b: Tensor }) => layer(x, k, scale, shift, b), { k: kernel, b: bias }).pull(
      dy as Tensor4D,
    )
  const second = (...all: Tensor[]) => {
    const [x, kernel, scale, shift, bias, dy] = all as [Tensor, Tensor, Tensor, Tensor, Tensor, Tensor]
    return grad((p: Tensor) => sum(square(first(p, kernel, scale, shift, bias, dy).k)) as Scalar, x)
  }

  test('second derivative is the same with fewer passes over large arrays', async () => {
    const { graph } = trace(second, args)
    await expectFactored(graph, args, 1e-4)
    const [before, after] = [passes(graph, 3 * 8 * 8 * 4), passes(hoistScales(graph, 1), 3 * 8 * 8 * 4)]
    if (name === 'instanceNorm') expect(after / before).toBeLessThan(0.85)
    else expect(after).toBeLessThan(before)
  })
})

test('an inner product with a filter gradient needs no filter gradient, and numbers leave kernels', async () => {
  const key = keyFrom(7)
  const args = [[3, 8, 8, 2], [3, 3, 2, 4], [3, 8, 8, 4], [3, 3, 2, 4], []].map((shape, i) =>
    drawn(foldIn(key, i), shape),
  )
  const program = (x: Tensor, kernel: Tensor, dy: Tensor, along: Tensor, rate: Tensor) => {
    const convolve = (k: Tensor) => conv2d(x as Tensor4D, k as Tensor4D, { pad: 1 })
    const [gradient] = vjp(([k]: readonly [Tensor]) => convolve(k), [kernel] as const).pull(dy as Tensor4D)
    return [sum(mul(gradient, mul(along, rate))), convolve(mul(along, rate))] as const
  }
  const { graph } = trace(program, args as unknown as [Tensor, Tensor, Tensor, Tensor, Tensor])
  await expectFactored(graph, args, 1e-5)
  const operators = (of: Graph) => of.nodes.map(({ op }) => op).filter((op) => op.startsWith('conv2d'))
  expect(operators(graph).sort()).toEqual(['conv2d', 'conv2dFilter'])
  expect(operators(hoistScales(graph, 1))).toEqual(['conv2d'])
})
