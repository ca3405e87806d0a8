import { keyFrom, rowsOf, storageOf, type Parameterization, type Tree } from '@haba/core'
import { referenceEngine, seedFrom, testParameterization, toyData } from '@haba/testing'
import { describe, expect, it } from 'vitest'
import { canvas } from './canvas.js'

const options = { image: [3, 4, 2], classes: 2, perClass: [1, 2] } as const

testParameterization({ make: () => canvas({ ...options, crops: 2 }) as unknown as Parameterization<Tree> })

describe('canvas', () => {
  const set = canvas({ ...options, crops: 48 })
  const engine = referenceEngine()
  const start = () => set.init(keyFrom(1), seedFrom(toyData({ ...options, perClass: 8, noise: 0.3 })))

  it('shows every place of a canvas once, wrapping around', async () => {
    const params = await start()
    const render = engine.compile('render', set.render)
    const stored = params.images.dataSync()
    const corners = new Set<string>()
    // Of slot 2, whose canvas is 6×8: each value in a crop is where its corner says.
    const at = (y: number, x: number) => stored[((2 * 6 + (y % 6)) * 8 + (x % 8)) * 2]!
    for (let view = 0; view < 48; view++) {
      const { images } = await render(params, rowsOf(Int32Array.of(0, 2), view))
      const crop = images.dataSync().subarray(24)
      const found = [...Array(48).keys()].filter((place) =>
        [...Array(12).keys()].every(
          (i) => crop[2 * i] === at(Math.floor(place / 8) + Math.floor(i / 4), (place % 8) + (i % 4)),
        ),
      )
      expect(found.length).toBe(1)
      corners.add(`${found[0]}`)
    }
    expect(corners.size).toBe(48)
  })

  it('is tiled with images of its class, and stores four times as much', async () => {
    const params = await start()
    expect(params.images.shape).toEqual([3, 6, 8, 2])
    expect(storageOf(set, params).floats).toBe(3 * 4 * 24)
    const real = toyData({ ...options, perClass: 8, noise: 0.3 })
    const first = (await real.images(Int32Array.from(real.labels.keys()))).dataSync()
    // The tile at the right below of the first canvas, line by line, is one of the first class's images.
    const tile = [0, 1, 2].flatMap((y) => [...params.images.dataSync().subarray(((3 + y) * 8 + 4) * 2, (4 + y) * 16)])
    const images = [...real.labels.keys()].filter((i) => real.labels[i] === 0)
    expect(images.some((i) => tile.every((v, j) => v === first[24 * i + j]))).toBe(true)
  })

  it('refuses more crops than places', () => {
    expect(() => canvas({ ...options, crops: 49 })).toThrow('canvas: expected at most 48 crops of 6×8, got 49.')
  })
})
