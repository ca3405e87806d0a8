import { add, conv2d, foldIn, keyFrom, normal, sizeOf, tensor, vjp } from '@haba/core'
import type { Tensor, Tensor4D } from '@tensorflow/tfjs-core'
import { expect, test } from 'vitest'
import type { OnnxEngine } from '../engine.js'
import { held } from './held.fixture.js'

type Four = readonly [number, number, number, number]

interface Case {
  readonly image: Four
  readonly kernel: Four
  readonly strides: readonly [number, number]
  readonly pads: Four
}

const key = keyFrom(3)
const values = (label: string, shape: readonly number[]) => normal(foldIn(key, label), sizeOf(shape))

/** The definition: every product of a convolution, as x, kernel and output index. */
function products(
  { image, kernel, strides, pads }: Case,
  output: Four,
  see: (x: number, k: number, y: number) => void,
) {
  const at = (shape: Four, a: number, b: number, c: number, d: number) =>
    ((a * shape[1] + b) * shape[2] + c) * shape[3] + d
  const [batch, rows, columns, out] = output
  for (let b = 0; b < batch; b++)
    for (let row = 0; row < rows; row++)
      for (let column = 0; column < columns; column++)
        for (let i = 0; i < kernel[0]; i++)
          for (let j = 0; j < kernel[1]; j++) {
            const [y, x] = [row * strides[0] + i - pads[0], column * strides[1] + j - pads[1]]
            if (y < 0 || x < 0 || y >= image[1] || x >= image[2]) continue
            for (let c = 0; c < image[3]; c++)
              for (let o = 0; o < out; o++)
                see(at(image, b, y, x, c), at(kernel, i, j, c, o), at(output, b, row, column, o))
          }
}

const cases: Case[] = []
for (const stride of [1, 2] as const)
  for (const pads of [
    [0, 0, 0, 0],
    [1, 1, 1, 1],
    [2, 0, 1, 3],
    [3, 3, 3, 3],
  ] as const)
    for (const [height, width] of [
      [1, 1],
      [3, 3],
      [2, 3],
      [4, 4],
    ] as const)
      for (const [inside, out] of [
        [1, 3],
        [3, 16],
        [16, 20],
        [20, 1],
      ] as const)
        cases.push({
          image: [2, 7, 6, inside],
          kernel: [height, width, inside, out],
          strides: [stride, stride],
          pads,
        })
// Kernels that read three channels at a time, or four, have been wrong for these.
for (const inside of [6, 9])
  cases.push({ image: [2, 6, 6, inside], kernel: [3, 3, inside, 4], strides: [1, 1], pads: [1, 1, 1, 1] })
cases.push({ image: [1, 9, 8, 3], kernel: [3, 2, 3, 4], strides: [3, 2], pads: [1, 0, 0, 1] })

const orders = [
  [0, 1, 2, 3],
  [0, 3, 1, 2],
  [3, 2, 0, 1],
  [2, 3, 0, 1],
] as const

/**
 * Registers a test for each way to convolve: the value and both gradients against the definition, in all layouts.
 *
 * @param every of the many, this often one; the odd ones at the end all @default 1
 */
export function testConvolutions(engine: OnnxEngine, every = 1): void {
  const chosen = cases
    .map((c, i) => [`${JSON.stringify(c)}`, c, i] as const)
    .filter(([, , i]) => i % every === 0 || i >= cases.length - 3)
  test.each(chosen)('trio %s', async (_, c, i) => {
    const [imageOrder, kernelOrder, outputOrder] = [orders[i % 4]!, orders[(i >> 2) % 4]!, orders[(i >> 1) % 4]!]
    const [x, kernel] = [values('x', c.image), values('kernel', c.kernel)]
    const rows = Math.floor((c.image[1] + c.pads[0] + c.pads[2] - c.kernel[0]) / c.strides[0]) + 1
    const columns = Math.floor((c.image[2] + c.pads[1] + c.pads[3] - c.kernel[1]) / c.strides[1]) + 1
    const output: Four = [c.image[0], rows, columns, c.kernel[3]]
    const [dy, bias] = [values('dy', output), values('bias', [c.kernel[3]])]
    const y = Float32Array.from({ length: sizeOf(output) }, (_, i) => bias[i % bias.length]!)
    const dx = new Float32Array(x.length)
    const dKernel = new Float32Array(kernel.length)
    products(c, output, (xi, ki, yi) => {
      y[yi]! += x[xi]! * kernel[ki]!
      dx[xi]! += dy[yi]! * kernel[ki]!
      dKernel[ki]! += dy[yi]! * x[xi]!
    })
    const trio = engine.compile(
      `trio ${i}`,
      (image: Tensor4D, weights: Tensor4D, cotangent: Tensor4D, shift: Tensor) => {
        const { value, pull } = vjp(
          (p: readonly [Tensor4D, Tensor4D]) =>
            add(conv2d(p[0], p[1], { stride: c.strides, pad: c.pads }), shift) as Tensor4D,
          [image, weights] as const,
        )
        return [value, ...pull(cotangent)] as const
      },
    )
    const found = await trio(
      held(x, c.image, imageOrder),
      held(kernel, c.kernel, kernelOrder),
      held(dy, output, outputOrder),
      tensor(bias, [bias.length]),
    )
    expectClose(found[0].dataSync(), y)
    expectClose(found[1].dataSync(), dx)
    expectClose(found[2].dataSync(), dKernel)
  })
}

function expectClose(found: ArrayLike<number>, expected: Float32Array) {
  expect(found.length).toBe(expected.length)
  let worst = 0
  for (let i = 0; i < expected.length; i++)
    worst = Math.max(worst, Math.abs(found[i]! - expected[i]!) / (1 + Math.abs(expected[i]!)))
  expect(worst).toBeLessThan(1e-4)
}
