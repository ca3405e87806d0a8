import { describe, expect, it } from 'vitest'
import { atEqualBytes, equalBytesLines } from './equal-bytes.js'
import type { Row, RowId } from '../folder/result.js'

const row = (id: RowId, bytes: number, mean: number): Row => ({
  id,
  name: id,
  floats: bytes / 4,
  bytes,
  mean,
  std: 0,
  accuracies: [mean],
  note: '',
})

describe('atEqualBytes', () => {
  const small = { name: 'small', settings: 'haba', rows: [row('set', 100, 0.5), row('random', 80, 0.1)] }
  const large = { name: 'large', settings: 'haba', rows: [row('set', 10_000, 0.7), row('random', 8000, 0.3)] }
  const other = { name: 'other', settings: 'dm', rows: [row('set', 1000, 0.55), row('fullData', 99_999, 0.9)] }

  it('puts runs of one method on a line over log bytes, by hand: half-way from 100 to 10 000 is 1 000', () => {
    const { bytes, methods } = atEqualBytes([small, large, other])
    expect(bytes).toEqual([100, 1000, 10_000])
    expect(methods.map(({ name }) => name)).toEqual(['small, large', 'other', 'random'])
    expect(methods[0]!.means).toEqual([0.5, expect.closeTo(0.6, 12), 0.7])
    expect(methods[1]!.means).toEqual([undefined, 0.55, undefined])
    // 0.1 + 0.2 · log(1000 / 80) / log(100), and no value above 8 000 bytes.
    expect(methods[2]!.means[1]).toBeCloseTo(0.1 + 0.2 * (Math.log(12.5) / Math.log(100)), 12)
    expect(methods[2]!.means[2]).toBeUndefined()
  })

  it('takes bytes within one percent for equal: labels differ where floats are the same', () => {
    const near = { ...other, rows: [...other.rows, row('random', 1009, 0.2), row('pixels', 1011, 0.4)] }
    expect(atEqualBytes([near]).methods.map(({ means }) => means[0])).toEqual([0.55, 0.2, undefined])
  })

  it('tells one kind of images under two protocols apart by the runs', () => {
    const quick = { ...row('random', 80, 0.05), protocol: { name: 'dsa', version: 1, hash: 'ab', epochs: 5 } }
    const short = { name: 'short', settings: 'haba, short', rows: [row('set', 100, 0.4), quick] }
    expect(atEqualBytes([small, large, short]).methods.map(({ name }) => name)).toEqual([
      'small, large',
      'short',
      'random, as small, large',
      'random, as short',
    ])
  })

  it('is a table for a terminal', () => {
    expect(equalBytesLines(atEqualBytes([small, other]))[2]).toMatch(/^small +50\.00 % +–$/)
  })
})
