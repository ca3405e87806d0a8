import { keyFrom, rowsOf, tensor, type Network } from '@haba/core'
import { referenceEngine, straightThrough, testObjective, tinyNetwork, toyData, toySet } from '@haba/testing'
import { describe, expect, it } from 'vitest'
import { convolutionAbsolute, squaredDistance } from './gradient-distance.js'
import { renderClass } from './gradient-matching.js'
import { idcMatching } from './idc-matching.js'
import { linearNetwork, onePixelData, onePixelSet } from './one-pixel.fixture.js'

const small = { network: tinyNetwork() as Network, realPerClass: 4, turns: 2, networkImages: 8 }
testObjective({ make: () => idcMatching(small) })
testObjective({ make: () => idcMatching({ ...small, syntheticPerClass: 1 }) })

describe('idcMatching', () => {
  const lossOf = async (objective: ReturnType<typeof idcMatching>) => {
    const { set, params } = await onePixelSet(5, 3)
    const from = { real: onePixelData, layout: set.layout, state: objective.init(keyFrom(2)).state }
    const drawn = await objective.draw(keyFrom(1), from)
    const loss = await referenceEngine().compile('loss', (at: typeof params) =>
      straightThrough(
        objective as never,
        { layout: set.layout, render: (rows) => set.render(at, rows) },
        {},
        drawn as never,
      ),
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
    for (const { rows, further } of items) {
      const views = [rows, ...further].map(({ view }) => view.dataSync()[0]!)
      expect(views.sort()).toEqual([0, 1, 2])
      for (const other of further) expect([...other.slots.dataSync()]).toEqual([...rows.slots.dataSync()])
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
    const views = drawn.flat().map(({ seen }) => [...seen!.dataSync()])
    for (const one of views) expect(new Set(one).size).toBe(2)
    expect(new Set(views.flat()).size).toBeGreaterThan(2)
  })

  it('renders those alone, in the order they were drawn', async () => {
    const { set, params } = await onePixelSet(5, 3)
    const rows = rowsOf(Int32Array.of(0), 0)
    const item = { rows, further: [rowsOf(Int32Array.of(1), 0), rows], seen: tensor(Int32Array.of(1, 0), [2]) }
    const { images, targets } = await referenceEngine().compile('rendered', (at: typeof params) =>
      renderClass({ layout: set.layout, render: (one) => set.render(at, one) }, item as never),
    )(params)
    expect([...images.dataSync()]).toEqual([3, 5])
    expect([...targets.dataSync()]).toEqual([0, 1, 1, 0])
  })

  it('counts them where the distance does', async () => {
    // Means 3 and 1 against 5 and 3: two entries of (2/2)² for each class.
    const network = linearNetwork() as Network
    expect(await lossOf(idcMatching({ ...small, network, distance: squaredDistance }))).toBeCloseTo(4, 6)
  })
})
