import '@tensorflow/tfjs-backend-cpu'
import { setBackend, type Tensor2D } from '@tensorflow/tfjs-core'
import { beforeAll, describe, expect, it } from 'vitest'
import { grad } from '../autodiff/grad.js'
import { sum } from '../ops/layout.js'
import { mul } from '../ops/elementwise.js'
import { tensor } from '../tree/host.js'
import type { Scalar, Tensor } from '@tensorflow/tfjs-core'
import { cosineSimilarity } from './cosine-similarity.js'
import { crossEntropy } from './cross-entropy.js'

beforeAll(async () => {
  await setBackend('cpu')
})
const rows = (...values: readonly (readonly number[])[]) =>
  tensor(values.flat(), [values.length, values[0]!.length]) as Tensor2D
const near = (t: Tensor, wanted: readonly number[], digits = 6) => {
  expect(t.size).toBe(wanted.length)
  t.dataSync().forEach((v, i) => expect(v).toBeCloseTo(wanted[i]!, digits))
}

describe('crossEntropy', () => {
  it('is the mean of -log p of hard targets', () => {
    // softmax of (0, log 3) is (1/4, 3/4).
    const logits = rows([0, Math.log(3)], [Math.log(3), 0])
    near(crossEntropy(logits, rows([1, 0], [1, 0])), [(Math.log(4) + Math.log(4 / 3)) / 2])
  })

  it('weighs soft targets', () => {
    near(crossEntropy(rows([0, Math.log(3)]), rows([0.25, 0.75])), [0.25 * Math.log(4) + 0.75 * Math.log(4 / 3)])
  })

  it('stays finite for large logits, with the right gradient', () => {
    const logits = rows([1000, 0])
    near(crossEntropy(logits, rows([0, 1])), [1000], 3)
    near(
      grad((x: Tensor2D) => crossEntropy(x, rows([0, 1])), logits),
      [1, -1],
    )
  })

  it('has the gradient (softmax - target) / rows', () => {
    const gradient = grad((x: Tensor2D) => crossEntropy(x, rows([1, 0], [0, 1])), rows([0, Math.log(3)], [0, 0]))
    near(gradient, [(0.25 - 1) / 2, 0.75 / 2, 0.25, -0.25])
  })

  it('has the second derivative diag(p) - ppᵀ', () => {
    const target = rows([1, 0])
    const slope = (x: Tensor2D): Scalar =>
      sum(
        mul(
          grad((y: Tensor2D) => crossEntropy(y, target), x),
          rows([1, 0]),
        ),
      )
    near(grad(slope, rows([0, Math.log(3)])), [0.25 * 0.75, -0.25 * 0.75])
  })
})

describe('cosineSimilarity', () => {
  it('is the cosine of corresponding rows', () => {
    near(cosineSimilarity(rows([3, 4], [1, 0], [2, 2]), rows([4, 3], [0, 5], [-1, -1])), [24 / 25, 0, -1])
  })

  it('is 0 with a finite gradient where a row is zero', () => {
    const zero = rows([0, 0])
    near(cosineSimilarity(zero, rows([1, 2])), [0])
    expect(
      grad((x: Tensor2D) => sum(cosineSimilarity(x, rows([1, 2]))) as Scalar, zero)
        .dataSync()
        .every(Number.isFinite),
    ).toBe(true)
  })
})
