import { disposeTree, keyFrom, pixels, tensorLeaves, type Network } from '@haba/core'
import { batchNormalized, referenceEngine, seedFrom, testObjective, tinyNetwork, toyData } from '@haba/testing'
import { describe, expect, it } from 'vitest'
import { squaredDistance } from './gradient-distance.js'
import { gradientMatching } from './gradient-matching.js'

testObjective({
  make: () => gradientMatching({ network: tinyNetwork(), realPerClass: 4, loops: { outer: 2, inner: 1 } }),
})
testObjective({
  make: () => ({
    ...gradientMatching({ network: tinyNetwork(), realPerClass: 4, distance: squaredDistance }),
    name: 'squared',
  }),
})
testObjective({
  make: () => ({
    ...gradientMatching({ network: batchNormalized(tinyNetwork(), 2) as Network, realPerClass: 4 }),
    name: 'gradient matching, batch-normalized',
  }),
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
      real,
      layout: set.layout,
      state,
      render: (rows) => render(params, rows),
    })
    expect(next.turn).toBe(1)
    const trained = tensorLeaves(next).map((t) => [...t.dataSync()])
    expect(trained).not.toEqual(first)
    const replaced = await objective.advance!(keyFrom(4), {
      engine,
      real,
      layout: set.layout,
      state: next,
      render: (rows) => render(params, rows),
    })
    expect(replaced.turn).toBe(0)
    disposeTree(replaced, params)
  })
})
