import { fromBinary } from '@bufbuild/protobuf'
import {
  add,
  avgPool,
  conv2d,
  keyFrom,
  matMul,
  mul,
  normal,
  relu,
  sizeOf,
  sum,
  tensor,
  trace,
  transpose,
  vjp,
} from '@haba/core'
import type { Tensor, Tensor2D, Tensor4D } from '@tensorflow/tfjs-core'
import { expect, test } from 'vitest'
import { ModelProtoSchema } from '../gen/onnx_pb.js'
import { lowerGraph } from './lower.js'
import { providers, type Traits } from '../provider.js'

const drawn = (...shape: number[]) => tensor(normal(keyFrom(1), sizeOf(shape)), shape)

/** The operators that a function becomes, without those that move no data. */
function operators(
  fn: (...args: Tensor[]) => Tensor | readonly Tensor[],
  args: Tensor[],
  orders: readonly (readonly number[])[],
  traits?: Traits,
) {
  const { model } = lowerGraph(trace(fn, args).graph, orders, traits)
  return fromBinary(ModelProtoSchema, model)
    .graph!.node.map(({ opType }) => opType)
    .filter((type) => type !== 'Reshape' && type !== 'Identity')
}

const images = [0, 3, 1, 2]
const kernels = [3, 2, 0, 1]
const conv = (x: Tensor, kernel: Tensor) => conv2d(x as Tensor4D, kernel as Tensor4D, { pad: 1 })
const convArgs = [drawn(2, 12, 12, 16), drawn(3, 3, 16, 16), drawn(16)]

test('a block whose arguments come in the layout of results transposes nothing and folds the bias', () => {
  const block = (x: Tensor, kernel: Tensor, bias: Tensor) => avgPool(relu(add(conv(x, kernel), bias)) as Tensor4D, 2)
  expect(operators(block, convArgs, [images, kernels, [0]])).toEqual(['Conv', 'Relu', 'MatMul'])
})

test('small maps are convolved and pooled with the channels before the batch', () => {
  const block = (x: Tensor, kernel: Tensor, bias: Tensor) => avgPool(relu(add(conv(x, kernel), bias)) as Tensor4D, 2)
  const args = [drawn(2, 8, 8, 16), ...convArgs.slice(1)]
  expect(operators(block, args, [[3, 0, 1, 2], kernels, [0]])).toEqual(['Conv', 'Relu', 'MatMul'])
  expect(operators(block, args, [images, kernels, [0]])).toEqual(['Transpose', 'Conv', 'Relu', 'MatMul'])
})

test('an argument in logical order is transposed once, however often it is read', () => {
  const twice = (x: Tensor, kernel: Tensor) => [conv(x, kernel), conv(x, mul(kernel, 2))] as const
  const found = operators(twice, convArgs.slice(0, 2), [[0, 1, 2, 3], kernels])
  expect(found.filter((type) => type === 'Transpose')).toHaveLength(1)
})

test('a convolution that something else reads is not run again for its bias', () => {
  const both = (x: Tensor, kernel: Tensor, bias: Tensor) => {
    const y = conv(x, kernel)
    return [add(y, bias), y] as const
  }
  expect(operators(both, convArgs, [images, kernels, [0]])).toEqual(['Conv', 'Add'])
})

test('gradients of a convolution are convolutions', () => {
  const gradients = (x: Tensor, kernel: Tensor, dy: Tensor) =>
    vjp((p: readonly [Tensor, Tensor]) => conv(p[0], p[1]), [x, kernel] as const).pull(dy as Tensor4D)
  const args = [...convArgs.slice(0, 2), drawn(2, 12, 12, 16)]
  // Three transposes: channels of dy before the batch, those of x after the pixels, in and out of the kernel exchanged.
  // The products flip the kernel, and bring the taps of its gradient behind the channels.
  expect(operators(gradients, args, [images, kernels, images]).sort()).toEqual([
    'Conv',
    'Conv',
    'FusedMatMul',
    'MatMul',
    'Transpose',
    'Transpose',
    'Transpose',
  ])
})

test('a transposed matrix is read, not written', () => {
  const product = (a: Tensor, b: Tensor) => matMul(transpose(a, [1, 0]) as Tensor2D, b as Tensor2D)
  expect(
    operators(
      product,
      [drawn(4, 3), drawn(4, 5)],
      [
        [0, 1],
        [0, 1],
      ],
    ),
  ).toEqual(['Gemm'])
})

test('a sum of products along rows is one operator', () => {
  const dot = (a: Tensor, b: Tensor) => sum(mul(a, b), [1, 2])
  const maps = () => drawn(2, 16, 16, 3)
  expect(operators(dot, [maps(), maps()], [images, images])).toEqual(['FusedMatMul'])
})

test('on WebGPU nothing becomes a FusedMatMul, which onnxruntime runs on the CPU', () => {
  const logical = (args: readonly Tensor[]) => args.map(({ shape }) => shape.map((_, axis) => axis))
  const all = (x: Tensor, kernel: Tensor, dy: Tensor) => {
    const { value, pull } = vjp((p: readonly [Tensor, Tensor]) => conv(p[0], p[1]), [x, kernel] as const)
    const rows = transpose(value, [0, 3, 1, 2])
    return [...pull(dy as Tensor4D), sum(mul(value, dy), [1, 2]), matMul(rows, rows, { b: true })]
  }
  const args = [...convArgs.slice(0, 2), drawn(2, 12, 12, 16)]
  expect(operators(all, args, logical(args))).toContain('FusedMatMul')
  expect(operators(all, args, logical(args), providers.webgpu.traits)).not.toContain('FusedMatMul')
})
