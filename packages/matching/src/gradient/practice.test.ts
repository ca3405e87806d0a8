import { disposeTree, keyFrom, tensorLeaves, type Mixing, type RealSource } from '@haba/core'
import { leakCheck, referenceEngine, tinyNetwork, toyData } from '@haba/testing'
import { describe, expect, it } from 'vitest'
import { carriedNetwork } from './carried-network.js'
import { practiceOnReal } from './practice.js'

const real = toyData()
const network = tinyNetwork()
const layout = { image: real.image, classes: real.classes, slots: 3, views: 1, labels: Int32Array.of(0, 1, 2) }
const none = () => Promise.reject(new Error('the set is not asked'))

describe('practiceOnReal', () => {
  it('trains on whole batches of random real images, and keeps the momentum until the network is replaced', async () => {
    const asked: number[] = []
    const watched: RealSource = { ...real, images: (indices) => (asked.push(indices.length), real.images(indices)) }
    const carried = carriedNetwork({ network, turns: 3, practice: practiceOnReal({ images: 10, batch: 4 }) })
    const engine = referenceEngine()
    const from = { engine, real: watched, layout, render: none }
    const fast = ({ training }: { training: { velocity: object } }) =>
      Math.hypot(...tensorLeaves(training.velocity as never).flatMap((leaf) => [...leaf.dataSync()]))

    const first = carried.init(keyFrom(1))
    expect(fast(first)).toBe(0)
    const second = await carried.advance(keyFrom(2), { ...from, state: first })
    expect(asked).toEqual([4, 4, 4])
    expect(second).toMatchObject({ turn: 1, networks: 0 })
    expect(fast(second)).toBeGreaterThan(0)
    const third = await carried.advance(keyFrom(3), { ...from, state: second })
    const fresh = await carried.advance(keyFrom(4), { ...from, state: third })
    expect(fresh).toMatchObject({ turn: 0, networks: 1 })
    expect(fast(fresh)).toBe(0)
    disposeTree(fresh)
  })

  it('mixes what it trains on', async () => {
    let mixed = 0
    const count: Mixing = { name: 'count', draw: () => (mixed++, {}), apply: (batch) => batch }
    const carried = carriedNetwork({
      network,
      turns: 2,
      practice: practiceOnReal({ images: 8, batch: 8, mixing: count }),
    })
    const engine = referenceEngine()
    await leakCheck(async () => {
      const state = carried.init(keyFrom(1))
      disposeTree(await carried.advance(keyFrom(2), { engine, real, layout, render: none, state }))
    })
    expect(mixed).toBe(1)
  })
})
