import { disposeTree, keyFrom, pixels, tensor, tensorLeaves, type Tree } from '@haba/core'
import { referenceEngine, seedFrom, testObjective, tinyNetwork, toyData } from '@haba/testing'
import { describe, expect, it } from 'vitest'
import { globalCosine, layerwiseCosine, squaredDistance, type GradientDistance } from './gradient-distance.js'
import { dcLoops, gradientMatching } from './gradient-matching.js'

testObjective({
  make: () => gradientMatching({ network: tinyNetwork(), realPerClass: 4, loops: { outer: 2, inner: 1 } }),
})
testObjective({
  make: () => ({
    ...gradientMatching({ network: tinyNetwork(), realPerClass: 4, distance: squaredDistance }),
    name: 'squared',
  }),
})

describe('gradient distances', () => {
  const measure = async (distance: GradientDistance, a: Tree, b: Tree) =>
    (await referenceEngine().compile('distance', distance)(a, b)).dataSync()[0]
  // Kernels are [in, out]: the rows that count are columns here, (1,2) and (0,1) against (2,1) and (0,0).
  const one = { bias: tensor([5], [1]), kernel: tensor([1, 0, 2, 1], [2, 2]) }
  const other = { bias: tensor([7], [1]), kernel: tensor([2, 0, 1, 0], [2, 2]) }

  it('layerwiseCosine sums 1 - cosine over outputs and leaves biases out (spec §7.1)', async () => {
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

describe('dcLoops', () => {
  it('gives the published loops', () => expect(dcLoops(10)).toEqual({ outer: 10, inner: 50 }))
  it('says what it knows', () =>
    expect(() => dcLoops(3)).toThrow('expected images per class of 1, 10, 20, 30, 40, 50, got 3'))
})

describe('gradientMatching', () => {
  it('trains the network between matchings and replaces it after the last', async () => {
    const real = toyData()
    const set = pixels({ image: real.image, classes: real.classes, perClass: 2 })
    const params = await set.init(keyFrom(1), seedFrom(real))
    const objective = gradientMatching({ network: tinyNetwork(), loops: { outer: 2, inner: 3 }, networkRate: 0.1 })
    const engine = referenceEngine()
    const render = engine.compile('render', set.render)
    const { state } = objective.init(keyFrom(2))
    const first = tensorLeaves(state).map((t) => [...t.dataSync()])
    const next = await objective.advance!(keyFrom(3), {
      engine,
      layout: set.layout,
      state,
      render: (rows) => render(params, rows),
    })
    expect(next.outer).toBe(1)
    const trained = tensorLeaves(next).map((t) => [...t.dataSync()])
    expect(trained).not.toEqual(first)
    const replaced = await objective.advance!(keyFrom(4), {
      engine,
      layout: set.layout,
      state: next,
      render: (rows) => render(params, rows),
    })
    expect(replaced.outer).toBe(0)
    disposeTree(replaced, params)
  })
})
