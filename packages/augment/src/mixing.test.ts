import { disposeTree, keyFrom, tensor, type Batch, type Mixing } from '@haba/core'
import { leakCheck, referenceEngine } from '@haba/testing'
import { describe, expect, it } from 'vitest'
import { cutMix, cutMixBox, cutMixDraw, cutMixRatio, mixUp, mixUpDraw, type MixDraw } from './index.js'

const image = [2, 4, 1] as const
/** Image 0 counts from 0, image 1 from 100. */
const batch: Batch = {
  images: tensor([...[0, 1, 2, 3, 4, 5, 6, 7], ...[100, 101, 102, 103, 104, 105, 106, 107]], [2, ...image]),
  targets: tensor([1, 0, 0, 1], [2, 2]),
}
const mixed = async ({ apply }: Mixing<MixDraw>, draw: MixDraw) => {
  const { images, targets } = await referenceEngine().compile('mix', apply)(batch, draw)
  return { images: [...images.dataSync()], targets: [...targets.dataSync()] }
}

describe('cutMix', () => {
  it('takes a rectangle and as much of the target from the partner', async () => {
    // λ = 0: a rectangle of the image's size around (1, 2); half of it is inside along each axis.
    expect(cutMixBox(0.75, [1, 2], image)).toEqual([1, 1, 1, 3])
    expect(cutMixBox(0, [1, 3], image)).toEqual([0, 1, 2, 4])
    const { images, targets } = await mixed(cutMix(), cutMixDraw(0, [1, 3], [1, 0], image))
    expect(images).toEqual([...[0, 101, 102, 103, 4, 105, 106, 107], ...[100, 1, 2, 3, 104, 5, 6, 7]])
    expect(targets).toEqual([0.25, 0.75, 0.75, 0.25])
  })

  it('halves an odd side downwards', () => {
    // floor(16 · √0.34) = 9, half of it 4: a side of 8
    const box = cutMixBox(0.66, [6, 9], [16, 16, 3])
    expect(box).toEqual([2, 5, 10, 13])
    expect(cutMixRatio(box, [16, 16, 3])).toBe(0.75)
  })

  it('leaves the batches alone that it does not mix, and mixes about half', async () => {
    const kept = await mixed(cutMix({ probability: 0 }), cutMix({ probability: 0 }).draw(keyFrom(1), 2, image))
    expect(kept).toEqual({ images: [...batch.images.dataSync()], targets: [1, 0, 0, 1] })
    const mixing = Array.from({ length: 200 }, (_, i) => cutMix().draw(keyFrom(i), 2, [32, 32, 1]))
    const changed = mixing.filter(({ ratio }) => ratio.dataSync()[0]! < 1).length
    expect(changed).toBeGreaterThan(70)
    expect(changed).toBeLessThan(130)
  })
})

describe('mixUp', () => {
  it('averages images and targets alike', async () => {
    const { images, targets } = await mixed(mixUp(), mixUpDraw(0.25, [1, 0]))
    expect(images).toEqual([...[75, 76, 77, 78, 79, 80, 81, 82], ...[25, 26, 27, 28, 29, 30, 31, 32]])
    expect(targets).toEqual([0.25, 0.75, 0.75, 0.25])
  })
})

describe('every mixing', () => {
  it.each([cutMix({ probability: 1 }), mixUp()])(
    '$name keeps targets that sum to 1, and repeats itself',
    async (one) => {
      const draw = one.draw(keyFrom(5), 2, image)
      const { targets } = await mixed(one, draw)
      expect([targets[0]! + targets[1]!, targets[2]! + targets[3]!]).toEqual([1, 1])
      expect(await mixed(one, one.draw(keyFrom(5), 2, image))).toEqual(await mixed(one, draw))
      await leakCheck(() => disposeTree(one.draw(keyFrom(6), 2, image)))
    },
  )

  it('refuses a draw for another batch, and options out of range', async () => {
    await expect(mixed(mixUp(), mixUpDraw(0.5, [0]))).rejects.toThrow('mixing: expected a draw of 2 rows, got 1')
    expect(() => cutMix({ probability: 2 })).toThrow(/cutMix: expected probability from 0 to 1, got 2/)
    expect(() => mixUp({ probability: -1 })).toThrow(/mixUp/)
  })
})
