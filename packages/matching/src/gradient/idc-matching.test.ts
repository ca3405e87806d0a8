import { keyFrom, slotsOfClass, type Network } from '@haba/core'
import { referenceEngine, straightThrough, testObjective, tinyNetwork, toyData, toySet } from '@haba/testing'
import { describe, expect, it } from 'vitest'
import { convolutionAbsolute, squaredDistance } from './gradient-distance.js'
import { idcMatching } from './idc-matching.js'
import { linearNetwork, onePixelData, onePixelSet } from './one-pixel.fixture.js'

const small = { network: tinyNetwork() as Network, realPerClass: 4, turns: 2, networkImages: 8 }
testObjective({ make: () => idcMatching(small) })
testObjective({ make: () => idcMatching({ ...small, syntheticPerClass: 1 }), views: 'sample' })

describe('idcMatching', () => {
  const lossOf = async (objective: ReturnType<typeof idcMatching>) => {
    const { set, params } = await onePixelSet(5, 3)
    const from = { real: onePixelData, layout: set.layout, state: objective.init(keyFrom(2)).state }
    const drawn = await objective.draw(keyFrom(1), from)
    const loss = await referenceEngine().compile('loss', (at: typeof params) =>
      straightThrough(objective, { layout: set.layout, render: (rows) => set.render(at, rows) }, {}, drawn),
    )(params)
    return loss.dataSync()[0]
  }

  it('leaves out linear layers', async () => {
    expect(await lossOf(idcMatching({ ...small, network: linearNetwork() as Network }))).toBe(0)
    expect(
      await lossOf(idcMatching({ ...small, network: linearNetwork() as Network, distance: convolutionAbsolute })),
    ).toBe(0)
  })

  it('sees a class under all its views', async () => {
    const real = toyData()
    const set = toySet({ views: 3 })
    const objective = idcMatching(small)
    const state = objective.init(keyFrom(2)).state
    const { items } = await objective.draw(keyFrom(1), { real, layout: set.layout, state })
    for (const [label, { rows }] of items.entries()) {
      const own = slotsOfClass(set.layout, label)
      const seen = [...rows.slots.dataSync()].map((slot, i) => `${slot}/${rows.views.dataSync()[i]}`)
      expect(seen.sort()).toEqual([...own].flatMap((slot) => [0, 1, 2].map((view) => `${slot}/${view}`)))
    }
  })

  it('sees so many of them at random', async () => {
    const real = toyData()
    const set = toySet({ views: 3 })
    const objective = idcMatching({ ...small, syntheticPerClass: 2 })
    const state = objective.init(keyFrom(2)).state
    const from = { real, layout: set.layout, state }
    const drawn = await Promise.all(
      [1, 2, 3, 4, 5].map(async (key) => (await objective.draw(keyFrom(key), from)).items),
    )
    const seen = drawn
      .flat()
      .map(({ rows: { slots, views } }) => [...slots.dataSync()].map((slot, i) => `${slot}/${views.dataSync()[i]}`))
    for (const one of seen) expect(new Set(one).size).toBe(2)
    expect(new Set(seen.flat()).size).toBeGreaterThan(2)
  })

  it('counts them where the distance does', async () => {
    // Means 3 and 1 against 5 and 3: two entries of (2/2)² for each class.
    const network = linearNetwork() as Network
    expect(await lossOf(idcMatching({ ...small, network, distance: squaredDistance }))).toBeCloseTo(4, 6)
  })
})
