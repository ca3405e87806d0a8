import { describe, expect, it } from 'vitest'
import { halfInterval95, studentQuantile, summarize } from './statistics.js'

describe('summarize', () => {
  it('uses the population deviation', () => {
    const { mean, std } = summarize([0.5, 0.7])
    expect(mean).toBeCloseTo(0.6, 12)
    expect(std).toBeCloseTo(0.1, 12)
  })
})

describe('studentQuantile', () => {
  it.each([
    [1, 12.7062],
    [2, 4.30265],
    [3, 3.18245],
    [4, 2.77645],
    [5, 2.57058],
    [14, 2.14479],
    [99, 1.98422],
  ])('with %i degrees of freedom is %f, as tables have it', (degrees, value) =>
    expect(studentQuantile(degrees)).toBeCloseTo(value, 4),
  )

  it('takes other probabilities', () => expect(studentQuantile(4, 0.99)).toBeCloseTo(4.60409, 4))
})

describe('halfInterval95', () => {
  it('is t · s / √n', () => {
    // s = 0.1, n = 3
    expect(halfInterval95([0.5, 0.6, 0.7])).toBeCloseTo((4.30265 * 0.1) / Math.sqrt(3), 5)
  })

  it('says nothing of one value', () => expect(halfInterval95([0.5])).toBeUndefined())
})
