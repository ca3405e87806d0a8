import { describe, expect, it } from 'vitest'
import { cifar10Constants, cifar100Constants, mnistConstants } from './constants.js'
import { identity } from './identity.js'
import { standardize } from './standardize.js'

const image = [1, 2, 3] as const
const pixels = Float32Array.of(0, 0.5, 1, 0.25, 0.75, 0.4914)

describe('standardize', () => {
  it('maps channel by channel', () => {
    const values = standardize({ mean: [0, 0.5, 1], std: [1, 0.5, 0.25] }).apply(pixels, image)
    expect(Array.from(values)).toEqual([0, 0, 0, 0.25, 0.5, expect.closeTo(-2.0344, 4)])
  })

  it.each([standardize(cifar10Constants), standardize(cifar100Constants), identity()])('inverts: $name', (map) => {
    const values = map.apply(pixels, image)
    const back = map.invert(values, image)
    expect(values).not.toBe(pixels)
    expect(back).not.toBe(values)
    back.forEach((value, i) => expect(value).toBeCloseTo(pixels[i]!, 6))
  })

  it('puts its constants into its settings', () => {
    expect(JSON.parse(JSON.stringify(standardize(mnistConstants).settings))).toEqual({ mean: [0.1307], std: [0.3081] })
  })

  it('refuses other channels and unfit constants', () => {
    expect(() => standardize(mnistConstants).apply(pixels, image)).toThrow(/expected images of 1 channels, got 3/)
    expect(() => standardize({ mean: [0, 0], std: [1] })).toThrow(/one positive std per channel/)
    expect(() => standardize({ mean: [0], std: [0] })).toThrow(/one positive std per channel/)
  })
})
