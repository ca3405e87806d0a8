import { describe, expect, it } from 'vitest'
import { bits, foldIn, integers, keyFrom, normal, permutation, threefry, uniform } from './key.js'

const hex = (words: ArrayLike<number>) => Array.from(words, (word) => word.toString(16).padStart(8, '0'))
const mean = (values: ArrayLike<number>) => Array.from(values).reduce((sum, v) => sum + v, 0) / values.length

describe('threefry', () => {
  // Known answers of Random123 (kat_vectors, threefry2x32 with 20 rounds), also in JAX's tests.
  it.each([
    [
      [0, 0],
      [0, 0],
      ['6b200159', '99ba4efe'],
    ],
    [
      [0xffffffff, 0xffffffff],
      [0xffffffff, 0xffffffff],
      ['1cb996fc', 'bb002be7'],
    ],
    [
      [0x13198a2e, 0x03707344],
      [0x243f6a88, 0x85a308d3],
      ['c4923a9c', '483df7a0'],
    ],
  ] as const)('of key %j and counter %j is %j', ([hi, lo], [c0, c1], answer) => {
    expect(hex(threefry({ hi, lo }, c0, c1))).toEqual(answer)
  })

  it('is where bits come from', () => {
    expect(hex(bits({ hi: 0, lo: 0 }, 2))).toEqual(['6b200159', '99ba4efe'])
  })
})

describe('keys', () => {
  const key = keyFrom(1)

  it('takes all 53 bits of a seed', () => {
    expect(keyFrom(2 ** 32 + 5)).toEqual({ hi: 1, lo: 5 })
    expect(keyFrom(Number.MAX_SAFE_INTEGER)).toEqual({ hi: 0x1fffff, lo: 0xffffffff })
  })

  it('folds the same label to the same key, and every other label to another', () => {
    const labels = ['augment', 'rows', 'augment2', '', '7', 7, 0, 1, 2 ** 32, 2 ** 32 + 1, 'ab', 'ba']
    const keys = labels.map((label) => JSON.stringify(foldIn(key, label)))
    expect(new Set(keys).size).toBe(labels.length)
    expect(labels.map((label) => JSON.stringify(foldIn(key, label)))).toEqual(keys)
    expect(foldIn(keyFrom(2), 'rows')).not.toEqual(foldIn(key, 'rows'))
  })

  it('gives folds numbers that do not follow each other', () => {
    const [a, b] = [uniform(foldIn(key, 'a'), 4000), uniform(foldIn(key, 'b'), 4000)]
    const product = mean(a.map((v, i) => (v - 0.5) * (b[i]! - 0.5)))
    expect(Math.abs(product) * 12).toBeLessThan(0.06)
  })

  it('gives the first numbers of a longer list', () => {
    const drawn = foldIn(key, 'list')
    expect([...bits(drawn, 3)]).toEqual([...bits(drawn, 10).subarray(0, 3)])
  })

  it('is drawn from or folded by number, not both: children would repeat its numbers', () => {
    const [child, words] = [foldIn(keyFrom(8), 3), bits(keyFrom(8), 8)]
    expect([child.hi, child.lo]).toEqual([words[6], words[7]])
    const drawn = keyFrom(8)
    uniform(drawn, 1)
    expect(() => foldIn(drawn, 3)).toThrow(
      'key: expected a key that is only drawn from, got one that is folded by number',
    )
    const folded = keyFrom(8)
    foldIn(folded, 3)
    for (const draw of [bits, uniform, normal, permutation])
      expect(() => draw(folded, 2)).toThrow('key: expected a key that is only folded by number, got one that is drawn')
    expect(() => integers(folded, 2, 5)).toThrow('key: ')
    // Names use separate counters.
    expect(uniform(foldIn(folded, 'rows'), 1)).toEqual(uniform(foldIn(drawn, 'rows'), 1))
  })
})

describe('distributions', () => {
  const key = keyFrom(1)

  it('spreads uniformly over its range', () => {
    const values = uniform(key, 20000, -1, 3)
    expect(Math.min(...values)).toBeGreaterThanOrEqual(-1)
    expect(Math.max(...values)).toBeLessThan(3)
    expect(Math.abs(mean(values) - 1)).toBeLessThan(0.03)
    expect(Math.abs(mean(values.map((v) => (v - 1) ** 2)) - 16 / 12)).toBeLessThan(0.03)
  })

  it('has mean 0, deviation 1 and no skew when normal', () => {
    const values = normal(key, 20000)
    expect(values.every(Number.isFinite)).toBe(true)
    expect(Math.abs(mean(values))).toBeLessThan(0.025)
    expect(Math.abs(mean(values.map((v) => v * v)) - 1)).toBeLessThan(0.04)
    expect(Math.abs(mean(values.map((v) => v ** 3)))).toBeLessThan(0.1)
    expect(Math.abs(mean(values.map((v) => v ** 4)) - 3)).toBeLessThan(0.25)
  })

  it('draws every whole number about equally often', () => {
    const counts = new Array<number>(7).fill(0)
    for (const i of integers(key, 14000, 7)) counts[i]!++
    expect(Math.min(...counts)).toBeGreaterThan(1850)
    expect(Math.max(...counts)).toBeLessThan(2150)
  })

  it('permutes: each number once, every place as likely', () => {
    expect([...permutation(key, 100)].sort((a, b) => a - b)).toEqual(Array.from({ length: 100 }, (_, i) => i))
    expect([...permutation(key, 0)]).toEqual([])
    const counts = Array.from({ length: 9 }, () => 0)
    for (let i = 0; i < 9000; i++) permutation(foldIn(keyFrom(1), i), 3).forEach((v, place) => counts[3 * place + v]!++)
    expect(Math.min(...counts)).toBeGreaterThan(2800)
    expect(Math.max(...counts)).toBeLessThan(3200)
  })
})
