import { describe, expect, it } from 'vitest'
import { bitsOfIndexSets, packIndexSets, unpackIndexSets, type IndexSets } from './index-sets.js'

describe('index sets', () => {
  it('count the cheaper of a list and a bitmap', () => {
    expect(bitsOfIndexSets({ rows: 10, size: 64, below: 1024 })).toBe(10 * 64 * 10)
    expect(bitsOfIndexSets({ rows: 10, size: 64, below: 784 })).toBe(10 * 64 * 10)
    expect(bitsOfIndexSets({ rows: 10, size: 98, below: 784 })).toBe(10 * 784)
    expect(bitsOfIndexSets({ rows: 2, size: 1, below: 1 })).toBe(0)
  })

  it('are packed from the lowest bit on', () => {
    // Lists of 4 bits: 0 1, then 2 9 → 0x9210.
    expect([...packIndexSets(Int32Array.of(0, 1, 2, 9), { rows: 2, size: 2, below: 16 })]).toEqual([0x9210])
    // Bitmaps of 4 bits: 1101 and 0111, lowest first → 0b1110_1011.
    expect([...packIndexSets(Int32Array.of(0, 1, 3, 1, 2, 3), { rows: 2, size: 3, below: 4 })]).toEqual([0b1110_1011])
  })

  it.each([
    { rows: 3, size: 7, below: 784 },
    { rows: 3, size: 40, below: 49 },
    { rows: 2, size: 3, below: 3 },
    { rows: 2, size: 1, below: 1 },
    { rows: 1, size: 10, below: 100_000 },
  ] satisfies IndexSets[])('come back as they were: %o', (sets) => {
    const stride = Math.floor(sets.below / sets.size)
    const values = Int32Array.from(
      { length: sets.rows * sets.size },
      (_, i) => (i % sets.size) * stride + (Math.floor(i / sets.size) % stride),
    )
    const words = packIndexSets(values, sets)
    expect(words.length).toBe(Math.ceil(bitsOfIndexSets(sets) / 32))
    expect([...unpackIndexSets(words, sets)]).toEqual([...values])
  })
})
