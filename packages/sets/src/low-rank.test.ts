import { fromReal, keyFrom, rowsOf, tensor, type Batch, type Parameterization, type Tree } from '@haba/core'
import { referenceEngine, testParameterization, toyData } from '@haba/testing'
import { describe, expect, it } from 'vitest'
import { expectReference, readReference } from './expect-reference.fixture.js'
import { lowRank, type LowRankOptions } from './low-rank.js'

const image = [4, 6, 2] as const
const make = (options: Partial<LowRankOptions> = {}) =>
  lowRank({ image, classes: 2, perClass: 2, rank: 2, ...options }) as Parameterization<Tree>
const real = toyData({ image, classes: 2, perClass: 20 })
const none = () => Promise.reject(new Error('noise needs no real images'))
const render = (set: Parameterization<never>, params: Tree, ...slots: readonly number[]) =>
  referenceEngine().compile('render', set.render as (at: Tree, rows: ReturnType<typeof rowsOf>) => Batch)(
    params,
    rowsOf(Int32Array.from(slots), 0),
  )

testParameterization({ make: () => make(), real })
testParameterization({ make: () => make({ start: fromReal, rank: 1, perClass: [1, 2] }), real })

describe('lowRank', () => {
  it('renders the product of its factors, channel by channel', async () => {
    const set = lowRank({ image: [2, 3, 2], classes: 1, perClass: 1, rank: 1 })
    const params = {
      left: tensor([1, 2, -1, 3], [1, 2, 2, 1]),
      right: tensor([1, 0, 2, 5, 1, 0], [1, 2, 1, 3]),
    }
    const { images } = await render(set as never, params, 0)
    // Channels (1 0 2 / 2 0 4) and (-5 -1 0 / 15 3 0).
    expect([...images.dataSync()]).toEqual([1, -5, 0, -1, 2, 0, 2, 15, 0, 3, 4, 0])
  })

  it('agrees with a reference, image and gradient', async () => {
    const read = readReference('low-rank')
    const set = lowRank({ image: [6, 8, 3], classes: 1, perClass: 4, rank: 2 })
    const params = { left: read('stored.left'), right: read('stored.right') }
    await expectReference(read, set as never, params, ['left', 'right'])
  })

  it('starts at noise of variance 1', async () => {
    const set = lowRank({ image: [28, 28, 1], classes: 10, perClass: 10, rank: 2 })
    const { images } = await render(set as never, await set.init(keyFrom(1), none), ...Array(100).keys())
    const values = [...images.dataSync()]
    expect(values.reduce((total, v) => total + v * v, 0) / values.length).toBeCloseTo(1, 1)
  })

  it('starts at the best approximations of real images', async () => {
    // 3 · (1 0)ᵀ(0 1) + 1 · (0 1)ᵀ(1 0): the smaller singular value is left out.
    const seed = (): Promise<Batch> =>
      Promise.resolve({ images: tensor([0, 3, 1, 0], [1, 2, 2, 1]), targets: tensor([1], [1, 1]) })
    const set = lowRank({ image: [2, 2, 1], classes: 1, perClass: 1, rank: 1, start: fromReal })
    const { images } = await render(set as never, await set.init(keyFrom(1), seed), 0)
    ;[0, 3, 0, 0].forEach((v, i) => expect(images.dataSync()[i]).toBeCloseTo(v, 6))
  })

  it('gives real images back at full rank, whichever side is longer', async () => {
    for (const sides of [[4, 6, 2] as const, [6, 4, 2] as const]) {
      const data = toyData({ image: sides, classes: 1, perClass: 3 })
      const seed = async (): Promise<Batch> => ({
        images: await data.images(Int32Array.of(0, 1)),
        targets: tensor([1, 1], [2, 1]),
      })
      const set = lowRank({ image: sides, classes: 1, perClass: 2, rank: 4, start: fromReal })
      const seen = (await render(set as never, await set.init(keyFrom(1), seed), 0, 1)).images.dataSync()
      ;(await seed()).images.dataSync().forEach((v, i) => expect(seen[i]).toBeCloseTo(v, 5))
    }
  })

  it('stores seven or eight images for one', () => {
    const slots = (sides: readonly [number, number, number]) =>
      lowRank({ image: sides, classes: 10, imagesPerClass: 1, rank: 2 }).layout.slots
    expect([slots([28, 28, 1]), slots([32, 32, 3])]).toEqual([70, 80])
  })

  it.each([
    [{ rank: 0 }, 'lowRank: expected rank to be a whole number of 1 … 4, got 0.'],
    [{ rank: 5 }, 'lowRank: expected rank to be a whole number of 1 … 4, got 5.'],
    [{ imagesPerClass: 1 }, 'lowRank: expected either perClass or imagesPerClass, got both.'],
    [{ perClass: undefined, imagesPerClass: Infinity }, 'lowRank: expected room for one stored image a class'],
    [{ perClass: undefined, imagesPerClass: -1 }, 'lowRank: expected room for one stored image a class'],
  ])('refuses %j', (options, message) => expect(() => make(options as Partial<LowRankOptions>)).toThrow(message))
})
