import { describe, expect, it } from 'vitest'
import { budgetDifference, budgetOfSet } from './budget.js'

const storage = {
  parts: [
    { name: 'bases', floats: 30_720, bytes: 122_880 },
    { name: 'hallucinators', floats: 27_840, bytes: 111_360 },
    { name: 'labels', floats: 0, bytes: 40 },
  ],
  floats: 58_560,
  bytes: 234_280,
}

describe('budgetOfSet', () => {
  it('is what the set stores, and in images a class (spec §6.8)', () => {
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
    [[{ ...own, name: 'B' }], 'Equal budgets: 58,560 floats, 234,280 bytes.'],
    [
      [{ ...own, name: 'B', bytes: 234_316 }],
      'Equal budgets of 58,560 floats; bytes differ by labels: HaBa 234,280, B 234,316.',
    ],
    [
      [
        { name: 'MTT', floats: 30_721, bytes: 122_924 },
        { name: 'IPC 2', floats: 61_440, bytes: 245_840 },
        { name: 'C', floats: 58_561, bytes: 0 },
      ],
      'Unequal budgets. Against the 58,560 floats of HaBa: MTT 27,839 fewer (47.5 %); IPC 2 2,880 more (4.9 %); ' +
        'C 1 more (less than 0.1 %).',
    ],
  ])('of %j is told in one line', (others, line) => expect(budgetDifference([own, ...others])).toBe(line))
})
