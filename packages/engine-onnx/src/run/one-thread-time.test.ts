import { add, conv2d, exp, reshape, tensor, trace, vjp } from '@haba/core'
import type { Tensor4D } from '@tensorflow/tfjs-core'
import { expect, test } from 'vitest'
import { oneThreadTime } from './one-thread-time.js'

const images = tensor(new Float32Array(10 * 32 * 32 * 16), [10, 32, 32, 16]) as Tensor4D
const kernel = tensor(new Float32Array(3 * 3 * 16 * 8), [3, 3, 16, 8]) as Tensor4D
const conv = (x: Tensor4D, k: Tensor4D) => conv2d(x, k, { pad: 1 })

test('a convolution and its gradients take as long as their products', () => {
  const forward = oneThreadTime(trace(conv, [images, kernel]).graph)
  // 10 · 32 · 32 · 8 results of 3 · 3 · 16 products and sums.
  expect(forward).toBeCloseTo((2 * 81920 * 144) / 1.5e8, 6)
  const dy = tensor(new Float32Array(81920), [10, 32, 32, 8]) as Tensor4D
  const backward = trace(
    (x: Tensor4D, k: Tensor4D, d: Tensor4D) => vjp((p: readonly [Tensor4D, Tensor4D]) => conv(...p), [x, k]).pull(d),
    [images, kernel, dy],
  ).graph
  expect(oneThreadTime(backward)).toBeCloseTo(2 * forward, 6)
})

test('anything else takes as long as what it writes, and a view nothing', () => {
  const passes = (x: Tensor4D) => add(exp(reshape(x, [16, 10, 32, 32])), 1)
  expect(oneThreadTime(trace(passes, [images]).graph)).toBeCloseTo((2 * 163840) / 2e6, 6)
})
