import { disposeTree, keyFrom, tensor, tensorLeaves, type Rows, type Tree } from '@haba/core'
import { referenceEngine, seedFrom, testObjective, tinyNetwork, toyData, toySet } from '@haba/testing'
import type { Tensor2D } from '@tensorflow/tfjs-core'
import { describe, expect, it } from 'vitest'
import { labelDistillation } from './label-distillation.js'
import { ridge, secondOrder } from './label-step.js'
import { freshPatience, wait, type Patience } from './patience.js'
import { ridge as ridgeWeights } from './ridge.js'

const network = tinyNetwork() as Parameters<typeof labelDistillation>[0]['network']
const real = toyData()
const small = { network, batch: 4, realBatch: 5, window: 2 }

testObjective({ make: () => labelDistillation({ ...small, by: secondOrder({ learningRate: 0.3 }) }) })
testObjective({ make: () => labelDistillation({ ...small, by: ridge({ keep: 0.5 }) }) })

describe('ridgeRegression', () => {
  it('is the closed form', async () => {
    const solve = referenceEngine().compile('ridge', (x: Tensor2D, y: Tensor2D) => ridgeWeights(x, y, 1))
    // One image with feature 2: Z = (2, 1), Z Zᵀ + 1 = 6, and the weights are (2, 1) · 3 / 6.
    const one = await solve(tensor([2], [1, 1]) as Tensor2D, tensor([3], [1, 1]) as Tensor2D)
    ;[...one.dataSync()].forEach((v, i) => expect(v).toBeCloseTo([1, 0.5][i]!, 6))
    // Features 1 and -1, targets 1 and 0: (Zᵀ Z + I) w = Zᵀ y has w = (1/3, 1/3).
    const two = await solve(tensor([1, -1], [2, 1]) as Tensor2D, tensor([1, 0], [2, 1]) as Tensor2D)
    ;[...two.dataSync()].forEach((v) => expect(v).toBeCloseTo(1 / 3, 6))
  })
})

describe('labelDistillation', () => {
  it.each([secondOrder(), ridge()])(
    'trains its network between steps and replaces it in the end ($name)',
    async (by) => {
      const engine = referenceEngine()
      const set = toySet({ image: real.image, classes: real.classes, views: 1 })
      const params = await set.init(keyFrom(1), seedFrom(real))
      const render = engine.compile('render', set.render)
      const objective = labelDistillation({ ...small, by, window: 1, realBatch: real.labels.length })
      let { state } = objective.init(keyFrom(2))
      const first = tensorLeaves(state.learner.trained).map((t) => [...t.dataSync()])
      const context = { engine, real, layout: set.layout, render: (rows: Rows) => render(params, rows) }
      for (let i = 0; i < 12 && state.lengths.length === 0; i++) {
        state = await objective.advance!(keyFrom(3 + i), { ...context, state })
        if (i === 0) expect(tensorLeaves(state.learner.trained).map((t) => [...t.dataSync()])).not.toEqual(first)
      }
      expect(state.lengths.length).toBe(1)
      expect(state.patience).toEqual(freshPatience)
      disposeTree(state as unknown as Tree)
    },
  )

  it('waits as long as its window for a lower sum of errors', () => {
    const after = (errors: readonly number[]) =>
      errors.reduce<Patience | undefined>((patience, error) => patience && wait(patience, error, 2), freshPatience)
    expect(after([3, 1])).toMatchObject({ steps: 2, lowest: 4, sinceLowest: 0 })
    expect(after([3, 1, 2])).toMatchObject({ steps: 3, lowest: 3, sinceLowest: 0 })
    expect(after([3, 1, 2, 2, 2])).toMatchObject({ steps: 5, lowest: 3, sinceLowest: 2 })
    expect(after([3, 1, 2, 2, 2, 2])).toBeUndefined()
  })
})
