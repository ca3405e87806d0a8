import { keyFrom, tensor, type Augmentation } from '@haba/core'
import { referenceEngine, testAugmentation } from '@haba/testing'
import { describe, expect, it } from 'vitest'
import { legacy, legacyCrop, legacyNoise, legacyRotate, legacyScale, type LegacyOperation } from './index.js'

testAugmentation({ make: () => legacy() as Augmentation })
testAugmentation({ make: () => ({ ...legacy([legacyCrop, legacyNoise]), name: 'legacy, noise' }) as Augmentation })

describe('legacy', () => {
  const image = [10, 10, 1] as const
  /** One bright pixel, of mean 1 over the image. */
  const spot = tensor(
    Float32Array.from({ length: 100 }, (_, i) => (i === 44 ? 100 : 0)),
    [1, ...image],
  )
  const changed = async (operation: LegacyOperation, seed: number, images = spot) => {
    const one = legacy([operation])
    const result = await referenceEngine().compile('apply', one.apply)(images, one.draw(keyFrom(seed), 1, image))
    return [...result.dataSync()]
  }
  const seeds = Array.from({ length: 60 }, (_, i) => i)

  it('crop shifts by -4 … 3 pixels, and the mean comes in', async () => {
    const all = await Promise.all(seeds.map((seed) => changed(legacyCrop, seed)))
    const rows = all.map((values) => Math.floor(values.findIndex((v) => v > 50) / 10))
    expect([Math.min(...rows), Math.max(...rows)]).toEqual([1, 8])
    const seen = new Set(all.flat().map((v) => Math.round(v * 1e3) / 1e3))
    expect([...seen].sort((a, b) => a - b)).toEqual([0, 1, 100])
  })

  it('scale repeats or leaves out whole pixels, and zeros come in', async () => {
    const counted = tensor(
      Float32Array.from({ length: 100 }, (_, i) => i + 1),
      [1, ...image],
    )
    const seen = await Promise.all(seeds.map((seed) => changed(legacyScale, seed, counted)))
    expect(seen.flat().every((v) => Number.isInteger(v) && v >= 0 && v <= 100)).toBe(true)
    // A side of 8 leaves a margin of 1 on each side; one of 11 loses its last row or column.
    const smallest = seen.filter((values) => values.filter((v) => v === 0).length === 36)
    expect(smallest.length).toBeGreaterThan(0)
    for (const values of smallest) expect(values.slice(0, 12)).toEqual([...Array<number>(11).fill(0), 1])
    expect(seen.some((values) => values[0] === 1 && values[1] === 1)).toBe(true)
  })

  it('rotate turns by up to 45 degrees either way', () => {
    const sines = seeds.map((seed) => legacy([legacyRotate]).draw(keyFrom(seed), 1, image).matrices.dataSync()[2]!)
    expect(Math.max(...sines)).toBeLessThan(Math.SQRT1_2)
    expect(Math.min(...sines)).toBeGreaterThanOrEqual(-Math.SQRT1_2 - 1e-6)
    expect(Math.max(...sines) * Math.min(...sines)).toBeLessThan(0)
  })

  it('needs an operation', () => expect(() => legacy([])).toThrow('legacy: expected at least one operation, got none.'))
})
