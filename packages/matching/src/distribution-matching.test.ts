import { grad, tensor, type Tree } from '@haba/core'
import { referenceEngine, testObjective, tinyNetwork } from '@haba/testing'
import type { Tensor2D } from '@tensorflow/tfjs-core'
import { describe, expect, it } from 'vitest'
import { distributionMatching, meanDistance } from './distribution-matching.js'

testObjective({ make: () => distributionMatching({ network: tinyNetwork(), realPerClass: 4 }) })

describe('meanDistance', () => {
  const distance = (real: number[][], synthetic: number[][]) =>
    referenceEngine()
      .compile('distance', (a: Tree, b: Tree) => meanDistance(a as Tensor2D, b as Tensor2D))(
        tensor(real.flat(), [real.length, 2]),
        tensor(synthetic.flat(), [synthetic.length, 2]),
      )
      .then((t) => t.dataSync()[0])

  it('is the squared distance of the means, summed over features', async () => {
    // means (2, 3) and (1, 1): 1² + 2²
    expect(
      await distance(
        [
          [1, 2],
          [3, 4],
        ],
        [[1, 1]],
      ),
    ).toBeCloseTo(5, 6)
  })

  it('is zero for equal means, whatever the numbers of images', async () => {
    expect(
      await distance(
        [
          [0, 2],
          [4, 0],
        ],
        [[2, 1]],
      ),
    ).toBe(0)
  })
})

describe('distributionMatching', () => {
  it('refuses a count below 1', () => {
    expect(() => distributionMatching({ network: tinyNetwork(), realPerClass: 0 })).toThrow(
      'distributionMatching: expected realPerClass to be a whole number of at least 1, got 0.',
    )
  })

  it('holds the real side constant', async () => {
    const slope = await referenceEngine().compile('slope', (real: Tree, synthetic: Tree) =>
      grad((x) => meanDistance((x as { real: Tensor2D }).real, synthetic as Tensor2D), { real }),
    )(tensor([1, 2], [1, 2]), tensor([3, 5], [1, 2]))
    expect([...(slope as { real: Tensor2D }).real.dataSync()]).toEqual([0, 0])
  })
})
