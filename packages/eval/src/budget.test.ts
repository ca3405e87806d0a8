import { describe, expect, it } from 'vitest'
import { budgetDifference, budgetOfSet } from './budget.js'

const storage = {
  parts: [
    { name: 'bases', floats: 30_720, bytes: 122_880 },
    { name: 'hallucinators', floats: 27_840, bytes: 111_360 },
    { name: 'labels', floats: 0, bytes: 40 },
  ],
  floats: 58_560,
  bits: 1_874_240,
  bytes: 234_280,
}

describe('budgetOfSet', () => {
  it('is what the set stores, and in images a class', () => {
    const { floats, bytes, imagesPerClass } = budgetOfSet({ storage, image: [32, 32, 3], classes: 10 })
    expect([floats, bytes]).toEqual([58_560, 234_280])
    expect(imagesPerClass).toBe(1.90625)
  })

  it('counts a learned step size, and shows the transform without counting it', () => {
    const budget = budgetOfSet({ storage, learned: { rate: 1 }, transform: 6, image: [32, 32, 3], classes: 10 })
    expect([budget.floats, budget.bytes]).toEqual([58_561, 234_284])
    expect(budget.parts.slice(3)).toEqual([
      { name: 'rate', floats: 1, bytes: 4, counted: true },
      { name: 'transform', floats: 6, bytes: 24, counted: false },
    ])
  })
})

describe('budgetDifference', () => {
  const own = { name: 'HaBa', floats: 58_560, bytes: 234_280 }
  it.each([
    [[{ ...own, name: 'B' }], 'Equal budgets: 234,280 bytes, 58,560 values.'],
    [[{ ...own, name: 'B', floats: 468_000 }], 'Equal budgets of 234,280 bytes; values: HaBa 58,560, B 468,000.'],
    [
      [
        { name: 'MTT', floats: 30_721, bytes: 122_894 },
        { name: 'IPC 2', floats: 61_440, bytes: 245_840 },
        { name: 'C', floats: 0, bytes: 234_284 },
      ],
      'Unequal budgets. Against the 234,280 bytes of HaBa: MTT 111,386 fewer (47.5 %); IPC 2 11,560 more (4.9 %); ' +
        'C 4 more (less than 0.1 %).',
    ],
  ])('of %j is told in one line', (others, line) => expect(budgetDifference([own, ...others])).toBe(line))
})
