import { describe, expect, it } from 'vitest'
import { copyOf, zerosOf } from './copies.js'
import { hostTensor, hostValue } from './host.js'

const stored = { values: Float32Array.of(1, 2, 3, 4, 5, 6), order: [1, 0] }

describe('copyOf', () => {
  it('outlives what it was copied from, in the same layout', () => {
    const x = hostTensor(stored, [2, 3], 'float32')
    const { a } = copyOf({ a: x })
    x.dispose()
    expect([...a.dataSync()]).toEqual([1, 3, 5, 2, 4, 6])
    expect(hostValue(a)).toBe(stored)
  })
})

describe('zerosOf', () => {
  it('has the shapes, and no values', () => {
    const [zeros] = zerosOf([hostTensor(stored, [2, 3], 'float32')])
    expect(zeros!.shape).toEqual([2, 3])
    expect([...zeros!.dataSync()]).toEqual([0, 0, 0, 0, 0, 0])
  })
})
