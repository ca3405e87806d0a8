import { describe, expect, it } from 'vitest'
import { fuzz } from './fuzz.js'
import { readers } from './readers/index.js'

describe('damaged files', () => {
  it('are read, or refused by an error that names them, by every reader', async () => {
    const results = await fuzz({ readers: readers.map(({ name }) => name), cases: 300, seed: 2 })
    expect(results.flatMap(({ failures }) => failures)).toEqual([])
    for (const { reader, cases, read, refused } of results) {
      expect([reader, read + refused]).toEqual([reader, cases])
      // Damage that no reader notices would try nothing.
      expect(refused, reader).toBeGreaterThan(0)
    }
  }, 600_000)
})
