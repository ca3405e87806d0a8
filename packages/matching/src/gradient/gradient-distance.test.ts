import { square, tensor, type Tree } from '@haba/core'
import { referenceEngine } from '@haba/testing'
import { describe, expect, it } from 'vitest'
import {
  allKernels,
  convolutionAbsolute,
  convolutionSquared,
  globalCosine,
  layerwiseCosine,
  squaredDistance,
  sumOfDifferences,
  type GradientDistance,
} from './gradient-distance.js'

const measure = async (distance: GradientDistance, a: Tree, b: Tree) =>
  (await referenceEngine().compile('distance', distance)(a, b)).dataSync()[0]

describe('distances over all layers', () => {
  // Kernels are [in, out]: the rows that count are columns here, (1,2) and (0,1) against (2,1) and (0,0).
  const one = { bias: tensor([5], [1]), kernel: tensor([1, 0, 2, 1], [2, 2]) }
  const other = { bias: tensor([7], [1]), kernel: tensor([2, 0, 1, 0], [2, 2]) }

  it('layerwiseCosine sums 1 - cosine over outputs and leaves biases out', async () => {
    expect(await measure(layerwiseCosine, one, other)).toBeCloseTo(1.2, 5)
  })

  it('squaredDistance counts everything', async () => {
    // (1-2)² + 0 + (2-1)² + (1-0)² + (5-7)²
    expect(await measure(squaredDistance, one, other)).toBeCloseTo(7, 5)
  })

  it('globalCosine takes all as one vector', async () => {
    // ⟨(5,1,0,2,1), (7,2,0,1,0)⟩ = 39; norms √31 and √54
    expect(await measure(globalCosine, one, other)).toBeCloseTo(1 - 39 / Math.sqrt(31 * 54), 5)
  })
})

describe('distances over kernels', () => {
  const one = { bias: tensor([5], [1]), convolution: tensor([1, -2, 3], [1, 1, 1, 3]), linear: tensor([4, 4], [1, 2]) }
  const other = {
    bias: tensor([0], [1]),
    convolution: tensor([3, -1, 3], [1, 1, 1, 3]),
    linear: tensor([1, 4], [1, 2]),
  }

  it('leave out biases and linear layers, summed and not averaged', async () => {
    expect(await measure(convolutionSquared, one, other)).toBeCloseTo(4 + 1, 5)
    expect(await measure(convolutionAbsolute, one, other)).toBeCloseTo(2 + 1, 5)
  })

  it('can count linear layers, too', async () => {
    expect(await measure(sumOfDifferences(square, allKernels), one, other)).toBeCloseTo(4 + 1 + 9, 5)
  })
})
