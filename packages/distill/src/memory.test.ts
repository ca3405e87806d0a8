import { keyFrom, sgd } from '@haba/core'
import { leakCheck, referenceEngine, toyData, toySet } from '@haba/testing'
import { describe, expect, it } from 'vitest'
import type { DistillSpec } from './spec.js'
import { differentiationWithin, estimateMemory } from './memory.js'
import { recompute, store } from './stepper.js'
import { studentObjective } from './student-objective.fixture.js'

const real = toyData()
const spec = (steps: number): DistillSpec => ({
  engine: referenceEngine(),
  key: keyFrom(5),
  real,
  parameterization: toySet({ image: real.image, classes: real.classes, views: 3 }),
  objective: studentObjective({ steps }),
  optimizer: sgd({ learningRate: 0.5 }),
  steps: 1,
})

describe('estimateMemory', () => {
  it('grows by the same bytes with every student step, by fewer where intermediates are made again', async () => {
    const [three, four, five] = await Promise.all([3, 4, 5].map((steps) => estimateMemory(spec(steps))))
    const least = four!.least - three!.least
    const fastest = four!.fastest - three!.fastest
    expect(five!.least - four!.least).toBe(least)
    expect(five!.fastest - four!.fastest).toBe(fastest)
    expect(least).toBeGreaterThan(0)
    expect(fastest).toBeGreaterThan(2 * least)
  })

  it('frees what it drew and started', async () => {
    const run = spec(3)
    await leakCheck(async () => {
      await estimateMemory(run)
    })
  })
})

describe('differentiationWithin', () => {
  const estimate = { least: 100, fastest: 1000 }

  it('takes the quickest that fits', () => {
    expect(differentiationWithin(estimate, 'least')).toBe(recompute)
    expect(differentiationWithin(estimate, 'fastest')).toBe(store)
    expect(differentiationWithin(estimate, 999)).toBe(recompute)
    expect(differentiationWithin(estimate, 1000)).toBe(store)
  })

  it('refuses what cannot fit, with both figures', () => {
    expect(() => differentiationWithin(estimate, 99)).toThrow(/memory.*1 MB.*least 1 MB, fastest 1 MB/s)
    expect(() => differentiationWithin(estimate, 'fastest', 500)).toThrow('Use memory "least"')
    expect(() => differentiationWithin(estimate, 'least', 50)).toThrow('fewer images')
    expect(() => differentiationWithin(estimate, 0)).toThrow('number of bytes above 0')
  })
})
