import { keyFrom, rowsOf, storageOf, tensor, type Batch, type Parameterization, type Tree } from '@haba/core'
import { referenceEngine, testParameterization, toyData } from '@haba/testing'
import { describe, expect, it } from 'vitest'
import { decodedCells, mixed, releasedCells } from './mixed.js'
import { multiFormation, type MultiFormationOptions } from './multi-formation.js'

const image = [4, 4, 2] as const
const make = (options: Partial<MultiFormationOptions> = {}) =>
  multiFormation({ image, classes: 2, perClass: 2, ...options }) as Parameterization<Tree>
const real = toyData({ image, classes: 2, perClass: 20 })

testParameterization({ make: () => make(), real })
const odd = [5, 5, 2] as const
testParameterization({
  make: () => make({ image: odd, factor: 3, perClass: [1, 2], padding: 0.5 }),
  real: toyData({ image: odd, classes: 2, perClass: 20 }),
})

describe('multiFormation', () => {
  const stored = { images: tensor(Float32Array.from({ length: 16 }, (_, i) => i), [1, 4, 4, 1]) } // prettier-ignore
  const seen = async (factor: number, view: number, padding = 0) => {
    const set = multiFormation({ image: [4, 4, 1], classes: 1, perClass: 1, factor, padding })
    const { images } = await referenceEngine().compile('render', set.render)(stored, rowsOf(Int32Array.of(0), view))
    return [...images.dataSync()]
  }

  it('enlarges the cell of its view, rows first', async () => {
    // Cell (0, 1) holds 2 3 / 6 7; a sample a quarter of a pixel from the border keeps its value.
    const rows = [2, 2.25, 2.75, 3]
    const wanted = [0, 1, 3, 4].flatMap((down) => rows.map((v) => v + down))
    ;(await seen(2, 1)).forEach((v, i) => expect(v).toBeCloseTo(wanted[i]!, 5))
  })

  it('fills up what sticks out of the image', async () => {
    // 4 by 3 is filled up to 6: the last cell holds nothing of the image.
    expect(new Set(await seen(3, 8, 0.5))).toEqual(new Set([0.5]))
    // Cell (0, 1): columns 2 and 3, rows 0 and 1.
    expect((await seen(3, 1, 0.5))[0]).toBeCloseTo(2, 5)
  })

  it('is plain pixels by 1', async () => expect(await seen(1, 0)).toEqual([...stored.images.dataSync()]))

  it('stores whole images, whatever the factor', async () => {
    const set = multiFormation({ image, classes: 2, perClass: 3, factor: 2 })
    const { images } = real
    const seed = async (perClass: number): Promise<Batch> => ({
      images: await images(Int32Array.from({ length: 2 * perClass }, (_, i) => i)),
      targets: tensor(new Float32Array(4 * perClass), [2 * perClass, 2]),
    })
    expect(storageOf(set, await set.init(keyFrom(1), seed)).floats).toBe(6 * 32)
  })

  it.each([0, 1.5, 5])('refuses a factor of %d', (factor) =>
    expect(() => make({ factor })).toThrow(`multiFormation: expected a factor of 1 … 4, got ${factor}.`),
  )
})

describe('mixed', () => {
  it('puts a shrunk image into every cell', async () => {
    const seed = (perClass: number): Promise<Batch> => {
      const values = Float32Array.from({ length: 16 * perClass }, (_, i) => 100 * Math.floor(i / 16) + (i % 16))
      return Promise.resolve({
        images: tensor(values, [perClass, 4, 4, 1]),
        targets: tensor(new Float32Array(perClass), [perClass, 1]),
      })
    }
    const start = await mixed(2)(keyFrom(1), [1, 4, 4, 1], Int32Array.of(0), seed)
    // prettier-ignore
    expect([...start.dataSync()]).toEqual([
      0, 2, 100, 102,
      8, 10, 108, 110,
      200, 202, 300, 302,
      208, 210, 308, 310,
    ])
  })

  it('has the cells that the decoder enlarges, or those of the released code', () => {
    const ends = (cells: typeof decodedCells) => cells(28, 3).map(({ from, to }) => [from, to])
    expect(ends(decodedCells)).toEqual([[0, 10], [10, 20], [20, 28]]) // prettier-ignore
    expect(ends(releasedCells)).toEqual([[0, 10], [10, 19], [19, 28]]) // prettier-ignore
    expect(releasedCells(32, 3)).toEqual([0, 11, 22].map((from, i) => ({ from, to: [11, 22, 32][i]!, size: [11, 11, 10][i]! }))) // prettier-ignore
  })
})
