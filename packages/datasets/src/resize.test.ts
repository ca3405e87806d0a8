import { describe, expect, it } from 'vitest'
import { bilinear, smooth } from './resize.js'

const row = (...values: readonly number[]) => Uint8Array.from(values)

describe('bilinear', () => {
  it('matches centers of pixels, and clamps at the edges', () => {
    expect(bilinear(row(0, 100), [1, 2, 1], [1, 4])).toEqual(row(0, 25, 75, 100))
    expect(bilinear(row(0, 10, 20, 30), [1, 4, 1], [1, 2])).toEqual(row(5, 25))
  })

  it('reads no more than two neighbors an axis, unlike smooth', async () => {
    const stripes = Uint8Array.from({ length: 9 }, (_, i) => (i % 3 === 1 ? 240 : 0))
    expect(bilinear(stripes, [1, 9, 1], [1, 3])).toEqual(row(240, 240, 240))
    expect(Array.from(await smooth(stripes, [1, 9, 1], [1, 3]))[1]).toBeLessThan(150)
  })

  it('keeps rows, columns and channels apart', async () => {
    const picture = Uint8Array.from([1, 2, 3, 101, 102, 103, 51, 52, 53, 151, 152, 153]) // [2, 2, 3]
    for (const resize of [bilinear, smooth]) {
      expect(await resize(picture, [2, 2, 3], [2, 2])).toHaveLength(12)
      expect(Array.from(await resize(picture, [2, 2, 3], [1, 1]))).toEqual([76, 77, 78])
    }
    expect(Array.from(await bilinear(picture, [2, 2, 3], [1, 2]))).toEqual([26, 27, 28, 126, 127, 128])
    expect(Array.from(await bilinear(picture, [2, 2, 3], [2, 1]))).toEqual([51, 52, 53, 101, 102, 103])
  })
})
