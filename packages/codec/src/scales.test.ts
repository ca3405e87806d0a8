import type { tensor } from '@haba/core'
import { sizeOf } from '@haba/core'
import { describe, expect, it } from 'vitest'
import { drawn, waves } from './numbers.test-data.js'
import { patchesOf } from './patches.js'
import { fitScales, levelsOf, valuesOf } from './scales.js'

const values = (t: ReturnType<typeof tensor>) => t.dataSync<'float32'>() as Float32Array
const decoded = (own: Float32Array, shape: readonly number[], bits: number, patch: number, groups: number) => {
  const scales = fitScales(own, shape, { bits, patch, groups })
  return { scales, back: valuesOf(levelsOf(own, scales), scales) }
}
const squared = (a: Float32Array, b: Float32Array) => a.reduce((sum, v, i) => sum + (v - b[i]!) ** 2, 0) / a.length

describe('patches', () => {
  it('are squares of one channel, smaller at the right and the bottom', () => {
    const { of, count } = patchesOf([1, 3, 3, 2], 2)
    expect(count).toBe(8)
    expect([...of]).toEqual([0, 1, 0, 1, 2, 3, 0, 1, 0, 1, 2, 3, 4, 5, 4, 5, 6, 7])
  })

  it('are runs of as many values for tensors without room for squares', () => {
    expect([...patchesOf([3, 3], 2).of]).toEqual([0, 0, 0, 0, 1, 1, 1, 1, 2])
    expect(patchesOf([2, 1, 3, 4], 2)).toMatchObject({ count: 6 })
    expect(patchesOf([], 5)).toEqual({ of: Int32Array.of(0), count: 1 })
  })
})

describe('scales of patches', () => {
  it('put the levels between minimum and maximum: values that lie on them come back', () => {
    const own = Float32Array.from([0, 1, 2, 3, -1, -1, 0, 2])
    decoded(own, [8], 2, 2, 0).back.forEach((value, i) => expect(value).toBeCloseTo(own[i]!, 2))
  })

  it.each([3, 4, 6, 8])('at %i bits miss by half a step at most, and the rounding of float16', (bits) => {
    const images = values(waves([3, 12, 12, 2]))
    const { scales, back } = decoded(images, [3, 12, 12, 2], bits, 5, 0)
    const { patches, step, unit } = scales
    images.forEach((value, i) => {
      // Least squares may miss the ends of a patch by a step.
      const bound = step[patches.of[i]!]! * (bits > 4 ? 0.75 : 1) + unit * 2 ** -10
      expect(Math.abs(value - back[i]!)).toBeLessThanOrEqual(bound)
    })
  })

  it('serve constant patches and all zeros exactly', () => {
    expect(decoded(new Float32Array(50), [50], 4, 5, 0).back).toEqual(new Float32Array(50))
    const constant = new Float32Array(50).fill(0.7)
    expect(decoded(constant, [50], 1, 5, 0).back).toEqual(constant)
    expect(decoded(constant, [50], 3, 2, 4).back).toEqual(constant)
  })

  it('err less than minimum and maximum alone, where bits are few', () => {
    const own = values(drawn(1, [40, 10, 10, 1]))
    const plain = patchesOf([40, 10, 10, 1], 5)
    const [low, high] = [new Float64Array(plain.count).fill(9), new Float64Array(plain.count).fill(-9)]
    plain.of.forEach((p, i) => {
      low[p] = Math.min(low[p]!, own[i]!)
      high[p] = Math.max(high[p]!, own[i]!)
    })
    for (const bits of [1, 2, 3]) {
      const top = 2 ** bits - 1
      const ends = own.map((value, i) => {
        const p = plain.of[i]!
        const step = (high[p]! - low[p]!) / top
        return low[p]! + step * Math.round((value - low[p]!) / step)
      })
      expect(squared(own, decoded(own, [40, 10, 10, 1], bits, 5, 0).back)).toBeLessThan(0.95 * squared(own, ends))
    }
  })
})

describe('groups of patches', () => {
  const shape = [30, 10, 10, 1] as const
  const own = values(drawn(2, shape))

  it('share at most so many pairs, and err the less the more there are', () => {
    const errors = [1, 4, 16, 64].map((groups) => {
      const { scales, back } = decoded(own, shape, 3, 5, groups)
      expect(scales.step.length).toBeLessThanOrEqual(groups)
      expect(Math.max(...scales.pairOf)).toBeLessThan(scales.step.length)
      return squared(own, back)
    })
    errors.slice(1).forEach((error, i) => expect(error).toBeLessThan(errors[i]!))
  })

  it('are the same each time', () => {
    expect(fitScales(own, shape, { bits: 2, patch: 5, groups: 8 })).toEqual(
      fitScales(own, shape, { bits: 2, patch: 5, groups: 8 }),
    )
  })

  it('find the pairs that patches were made with', () => {
    const made = Float32Array.from({ length: sizeOf([400, 4]) }, (_, i) => {
      const group = Math.floor(i / 4) % 3
      return [0, -8, 100][group]! + [1, 4, 0.5][group]! * (i % 4)
    })
    const { scales, back } = decoded(made, [400, 4], 2, 2, 3)
    expect([...scales.step].sort((a, b) => a - b)).toEqual([0.5, 1, 4].map((v) => expect.closeTo(v, 2)))
    expect(squared(made, back)).toBeLessThan(1e-3)
  })
})
