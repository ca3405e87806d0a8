import {
  add, avgPool, batchMoments, batchNorm, concat, constant, conv2d, conv2dInstanceNorm, conv2dTranspose, crossEntropy, foldIn, gather, grad,
  instanceNorm, keyFrom, layerNorm, matMul, max, mean, mul, pad, relu, reshape, scatterAdd, slice, square, sub, sum, tensor,
  tensorLeaves, trace, transpose, valueAndGrad, vjp, type Graph, type Tree,
} from '@haba/core' // prettier-ignore
import type { Rank, Scalar, Tensor, Tensor1D, Tensor2D, Tensor4D } from '@tensorflow/tfjs-core'
import { describe, expect, test } from 'vitest'
import { hoistScales } from '../hoist-scales/hoist-scales.js'
import { drawn, expectSame } from '../same-values.fixture.js'
import { tileBatch } from './tile-batch.js'

const key = keyFrom(8)
/** Seven images of 4 × 4 and 2 channels; kernels to 5 channels, to 5 again, and from whole maps to 2 numbers. */
const shapes = [
  [7, 4, 4, 2],
  [3, 3, 2, 5],
  [3, 3, 5, 5],
  [4, 4, 5, 2],
]
type Four = [Tensor4D, Tensor4D, Tensor4D, Tensor4D]
type Weights = readonly [Tensor4D, Tensor4D, Tensor4D]
const args = shapes.map((shape, i) => drawn(foldIn(key, i), shape)) as Four
const mapBytes = 7 * 4 * 4 * 5 * 4

const convolutions = ({ nodes }: Graph) => nodes.filter(({ op }) => op === 'conv2d').length

/** What follows a convolution: maps `[7, 4, 4, 5]`, the images, a kernel of 5 to 5 channels, and one to a single pixel. */
type Follow = (y: Tensor4D, x: Tensor4D, kernel: Tensor4D, wide: Tensor4D) => Tree
const rows = (...values: number[]) => tensor(Int32Array.from(values), [values.length], 'int32') as Tensor1D
const waves = (...shape: [number, number]) =>
  constant(
    Float32Array.from({ length: shape[0] * shape[1] }, (_, i) => Math.sin(i)),
    shape,
  ) as Tensor2D
const flat = (y: Tensor) => reshape(y, [7, 80]) as Tensor2D

const followed: Readonly<Record<string, Follow>> = {
  'values of the batch, of a channel, of an image': (y) => [
    mul(y, mean(y, [1, 2], true)),
    add(y, constant(Float32Array.of(1, 2, 3, 4, 5), [5])),
    mul(
      flat(y),
      constant(
        Float32Array.from({ length: 7 }, (_, i) => i),
        [7, 1],
      ),
    ),
  ],
  'sums over the batch and over pixels': (y) => [sum(y, [0, 1]), sum(y, [1, 2]), sum(mul(y, y)), mean(y, [2], true)],
  'the largest of the batch and of pixels': (y) => [max(y, [0]), max(y, [1, 2]), max(y)],
  'other shapes': (y) => [reshape(y, [7, 2, 8, 5]), reshape(y, [1, 7, 80])],
  'other orders': (y) => [transpose(y, [1, 2, 0, 3]), sum(transpose(y, [3, 0, 1, 2]), [1])],
  'windows of pixels': (y) => [slice(y, [0, 1, 1, 0], [7, 2, 3, 5]), pad(y, [0, 1, 0, 0], [0, 0, 2, 0])],
  'beside each other': (y, x) => concat<Rank.R4>([y, x], 3),
  'channels by number': (y) => {
    const channels = transpose(y, [3, 0, 1, 2])
    return [gather(channels, rows(4, 1)), scatterAdd(channels, rows(0, 2, 2, 1, 0), 3)]
  },
  'rows that meet': (y) => scatterAdd(y, rows(0, 2, 2, 1, 0, 2, 1), 3),
  'what wants all rows of something small': (y) => {
    const few = mean(y, [1, 2])
    return [
      slice(few, [2, 0], [3, 5]),
      pad(few, [1, 0], [1, 0]),
      concat([few, few], 0),
      gather(few, rows(3, 0, 6, 3)),
      matMul(few as Tensor2D, few as Tensor2D, { b: true }),
      reshape(few, [35]),
    ]
  },
  'matrix products': (y, x) => [
    matMul(flat(y), flat(y), { a: true }),
    matMul(flat(y), waves(80, 2)),
    matMul(waves(2, 80), flat(y), { b: true }),
    matMul(waves(3, 7), flat(y)),
    matMul(reshape(x, [7, 8, 4]), reshape(y, [7, 4, 20])),
  ],
  'further layers and their gradients': (y, _, kernel, wide) => {
    const deep = (k: Tensor4D) =>
      conv2d(avgPool(relu(conv2d(y, k, { pad: 1 })), 2), slice(wide, [0, 0, 0, 0], [2, 2, 5, 2]))
    const { value, pull } = vjp(deep, kernel)
    return [value, pull(value)]
  },
  'a transposed convolution': (y, _, kernel) => conv2dTranspose(y, kernel, { stride: 2 }),
}

describe.each(Object.entries(followed))('%s', (_, follow) => {
  const program = (x: Tensor4D, first: Tensor4D, second: Tensor4D, wide: Tensor4D) =>
    tensorLeaves(follow(conv2d(x, first, { pad: 1 }), x, second, wide)).map((one) => sum(square(one)))
  const { graph } = trace(program, args)

  test.each([2, 3, 7])('is the same in %i parts, or more where arrays grow', async (count) => {
    const parts = tileBatch(graph, Math.ceil(mapBytes / count))
    expect(convolutions(parts)).toBeGreaterThanOrEqual(count * convolutions(graph))
    await expectSame(graph, parts, args, 1e-5)
  })
})

test('small rows that leave are put together', async () => {
  const { graph } = trace((...[x, first]: Four) => mean(conv2d(x, first, { pad: 1 }), [1, 2]), args)
  const parts = tileBatch(graph, mapBytes / 3)
  expect(convolutions(parts)).toBe(3)
  await expectSame(graph, parts, args, 1e-5)
})

test('where rows that leave are as large as any, putting them together is not worth it', () => {
  const { graph } = trace((...[x, first]: Four) => conv2d(x, first, { pad: 1 }), args)
  expect(tileBatch(graph, mapBytes / 3)).toBe(graph)
})

test('a batch starts at a small convolution where a product makes its maps', async () => {
  const kernel = drawn(foldIn(key, 'kernel'), [1, 1, 2, 5]) as Tensor4D
  const affine = [constant(Float32Array.of(1, 2, 3, 4, 5), [5]), constant(new Float32Array(5), [5])] as const
  const { graph } = trace(
    (x: Tensor4D, k: Tensor4D) =>
      valueAndGrad((one: Tensor4D) => sum(square(relu(conv2dInstanceNorm(x, one, ...affine)))) as Scalar, k),
    [args[0], kernel],
  )
  const parts = tileBatch(graph, mapBytes / 3)
  expect(convolutions(parts)).toBe(3)
  await expectSame(graph, parts, [args[0], kernel], 1e-4)
})

const norms = {
  instanceNorm: (y: Tensor4D, scale: Tensor, shift: Tensor) => instanceNorm(y, scale, shift),
  layerNorm: (y: Tensor4D, scale: Tensor, shift: Tensor) => layerNorm(y, scale, shift),
  batchNorm: (y: Tensor4D, scale: Tensor, shift: Tensor) => batchNorm(y, batchMoments(y), scale, shift),
}

describe('a step of training', () => {
  const targets = drawn(foldIn(key, 'targets'), [7, 2]) as Tensor2D
  const step = (norm: (typeof norms)['instanceNorm']) => {
    const network = (x: Tensor4D, [first, second, wide]: Weights) => {
      const affine = [constant(Float32Array.of(1, 2, 3, 4, 5), [5]), constant(new Float32Array(5), [5])] as const
      const maps = relu(norm(conv2d(x, first, { pad: 1 }), ...affine))
      return reshape(conv2d(relu(norm(conv2d(maps, second, { pad: 1 }), ...affine)), wide), [7, 2]) as Tensor2D
    }
    const { graph } = trace(
      (x: Tensor4D, weights: Weights, of: Tensor2D) =>
        valueAndGrad((w: Weights) => crossEntropy(network(x, w), of), weights),
      [args[0], args.slice(1) as unknown as Weights, targets],
    )
    return hoistScales(graph, 1)
  }
  const inputs = [...args, targets]

  test.each(['instanceNorm', 'layerNorm'] as const)('with %s is the same in parts', async (norm) => {
    const graph = step(norms[norm])
    const parts = tileBatch(graph, mapBytes / 3)
    expect(convolutions(parts)).toBe(3 * convolutions(graph))
    await expectSame(graph, parts, inputs, 1e-4)
  })

  test('with batch statistics stays as it is', () => {
    const graph = step(norms.batchNorm)
    expect(tileBatch(graph, mapBytes / 3)).toBe(graph)
  })
})

test('a gradient through the gradient of a batch comes after its parts', async () => {
  const inner = (x: Tensor4D, kernel: Tensor4D) =>
    grad((k: Tensor4D) => sum(square(relu(conv2d(x, k, { pad: 1 })))) as Scalar, kernel)
  const { graph } = trace(
    (real: Tensor4D, few: Tensor4D, kernel: Tensor4D) =>
      grad((x: Tensor4D) => sum(square(sub(inner(real, kernel), inner(x, kernel)))) as Scalar, few),
    [args[0], drawn(foldIn(key, 'few'), [2, 4, 4, 2]) as Tensor4D, args[1]],
  )
  const inputs = [args[0], drawn(foldIn(key, 'few'), [2, 4, 4, 2]), args[1]]
  const parts = tileBatch(graph, mapBytes / 2)
  expect(convolutions(parts)).toBe(convolutions(graph) + 1)
  await expectSame(graph, parts, inputs, 1e-4)
})

test('a batch that fits stays as it is', () => {
  const { graph } = trace((x: Tensor4D, kernel: Tensor4D) => conv2d(x, kernel, { pad: 1 }), [args[0], args[1]])
  expect(tileBatch(graph, mapBytes)).toBe(graph)
})
