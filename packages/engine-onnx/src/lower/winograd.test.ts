import { fromBinary } from '@bufbuild/protobuf'
import {
  avgPool, conv2d, foldIn, grad, keyFrom, normal, relu, sizeOf, square, sum, tensor, trace, vjp,
} from '@haba/core' // prettier-ignore
import type { Scalar, Tensor, Tensor4D } from '@tensorflow/tfjs-core'
import { afterAll, expect, test } from 'vitest'
import { onnxEngine } from '../engine.js'
import { ModelProtoSchema } from '../gen/onnx_pb.js'
import { held } from './held.fixture.js'
import { lowerGraph } from './lower.js'
import { providers, type Traits } from '../provider.js'

type Four = readonly [number, number, number, number]

interface Case {
  readonly image: Four
  readonly out: number
  readonly pads: Four
}

const engine = onnxEngine()
afterAll(() => engine.close())

const key = keyFrom(4)
const drawn = (name: string, shape: readonly number[]) => normal(foldIn(key, name), sizeOf(shape))

/** A convolution with a kernel of 3 × 3, and the gradients in its images and its kernel. */
const trio =
  ({ pads }: Case) =>
  (x: Tensor4D, kernel: Tensor4D, dy: Tensor4D) => {
    const convolve = ([images, weights]: readonly [Tensor4D, Tensor4D]) => conv2d(images, weights, { pad: pads })
    const { value, pull } = vjp(convolve, [x, kernel] as const)
    return [value, ...pull(dy)] as const
  }

const shapes = ({ image: [batch, height, width, inside], out, pads }: Case) => ({
  x: [batch, height, width, inside] as Four,
  kernel: [3, 3, inside, out] as Four,
  dy: [batch, height + pads[0] + pads[2] - 2, width + pads[1] + pads[3] - 2, out] as Four,
})

/** All three by their definition, in double precision. */
function defined(
  shape: ReturnType<typeof shapes>,
  [top, left]: Four,
  x: Float32Array,
  kernel: Float32Array,
  dy: Float32Array,
) {
  const [[batch, height, width, inside], [, rows, columns, out]] = [shape.x, shape.dy]
  const [y, dx, dKernel] = [shape.dy, shape.x, shape.kernel].map((lengths) => new Float64Array(sizeOf(lengths))) as [
    Float64Array,
    Float64Array,
    Float64Array,
  ]
  for (let b = 0; b < batch; b++)
    for (let row = 0; row < rows; row++)
      for (let column = 0; column < columns; column++)
        for (let tap = 0; tap < 9; tap++) {
          const [i, j] = [row + Math.floor(tap / 3) - top, column + (tap % 3) - left]
          if (i < 0 || j < 0 || i >= height || j >= width) continue
          const [here, there] = [((b * rows + row) * columns + column) * out, ((b * height + i) * width + j) * inside]
          for (let c = 0; c < inside; c++) {
            const from = (tap * inside + c) * out
            const pixel = x[there + c]!
            let sum = 0
            for (let o = 0; o < out; o++) {
              y[here + o]! += pixel * kernel[from + o]!
              dKernel[from + o]! += pixel * dy[here + o]!
              sum += dy[here + o]! * kernel[from + o]!
            }
            dx[there + c]! += sum
          }
        }
  return [y, dx, dKernel] as const
}

/** How many operators of a type a function of arrays `[…, …, …, …]` becomes. */
function countOf(
  type: string,
  fn: (...args: Tensor4D[]) => readonly Tensor[],
  lengths: readonly Four[],
  orders: readonly (readonly number[])[] = lengths.map(() => [0, 1, 2, 3]),
  traits?: Traits,
): number {
  const args = lengths.map((shape) => tensor(new Float32Array(sizeOf(shape)), shape) as Tensor4D)
  const { model } = lowerGraph(trace(fn, args).graph, orders, traits)
  return fromBinary(ModelProtoSchema, model).graph!.node.filter(({ opType }) => opType === type).length
}

const convolutionsOf = (one: Case, traits?: Traits) => {
  const { x, kernel, dy } = shapes(one)
  return countOf('Conv', trio(one) as (...args: Tensor4D[]) => readonly Tensor[], [x, kernel, dy], undefined, traits)
}

const usual: Case = { image: [16, 8, 8, 64], out: 64, pads: [1, 1, 1, 1] }
const imageOrders = [[0, 1, 2, 3], [0, 3, 1, 2], [3, 0, 1, 2]] as const // prettier-ignore
const kernelOrders = [[0, 1, 2, 3], [0, 1, 3, 2], [3, 2, 0, 1], [2, 3, 0, 1], [1, 3, 0, 2]] as const // prettier-ignore

test.each<Case & { readonly orders: readonly [number, number] }>([
  ...kernelOrders.map((_, i) => ({ ...usual, orders: [i % 3, i] as const })),
  { image: [16, 7, 10, 128], out: 144, pads: [0, 1, 2, 1], orders: [1, 2] },
  { image: [16, 8, 8, 128], out: 112, pads: [2, 2, 2, 2], orders: [2, 0] },
])('filters of $image to $out with pads $pads are tiled, in any order: $orders', async (one) => {
  const shape = shapes(one)
  const [x, kernel, dy] = [drawn('x', shape.x), drawn('kernel', shape.kernel), drawn('dy', shape.dy)]
  const [image, weights] = [imageOrders[one.orders[0]]!, kernelOrders[one.orders[1]]!]
  const found = await engine.compile('trio', trio(one))(
    held(x, shape.x, image),
    held(kernel, shape.kernel, weights),
    held(dy, shape.dy, image),
  )
  expect(convolutionsOf(one)).toBe(0)
  defined(shape, one.pads, x, kernel, dy).forEach((expected, i) => {
    // Of a sum of so many products: 9 a channel, or one for every pixel of the batch.
    const deviation = Math.sqrt([9 * shape.x[3], 9 * shape.dy[3], sizeOf(shape.dy.slice(0, 3))][i]!)
    const values = found[i]!.dataSync()
    const worst = expected.reduce((most, value, j) => Math.max(most, Math.abs(value - values[j]!)), 0)
    expect(worst / deviation).toBeLessThan(1.5e-5)
  })
})

test('is left alone where it gains little, or where the provider has better', () => {
  expect(convolutionsOf({ ...usual, image: [2, 8, 8, 64] })).toBe(3)
  expect(convolutionsOf({ ...usual, image: [16, 8, 8, 16] })).toBe(3)
  expect(convolutionsOf(usual, providers.webgpu.traits)).toBe(3)
})

test('blocks of tiled filters transpose nothing, forward and backward', () => {
  const blocks = (x: Tensor4D, first: Tensor4D, second: Tensor4D) =>
    conv2d(avgPool(relu(conv2d(x, first, { pad: 1 })) as Tensor4D, 2), second, { pad: 1 })
  const loss = (all: readonly [Tensor4D, Tensor4D, Tensor4D]) => sum(square(blocks(...all))) as Scalar
  const gradients = (...all: Tensor4D[]) => grad(loss, all as [Tensor4D, Tensor4D, Tensor4D])
  const lengths: Four[] = [[10, 16, 16, 128], [3, 3, 128, 128], [3, 3, 128, 128]] // prettier-ignore
  const orders = [[0, 3, 1, 2], [3, 2, 0, 1], [0, 1, 2, 3]] // prettier-ignore
  expect(countOf('Conv', gradients, lengths, orders)).toBe(0)
  expect(countOf('Transpose', gradients, lengths, orders)).toBe(0)
})
