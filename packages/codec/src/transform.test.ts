import { keyFrom, normal, sizeOf, tensor } from '@haba/core'
import { describe, expect, it } from 'vitest'
import { coarseEnough, decodeTensors, encodeTensors } from './codec.js'
import { mostBytesOf, type CodecOptions } from './options.js'
import { drawn, waves } from './numbers.test-data.js'
import {
  bitsOfLevels,
  blocksOf,
  coefficientsOf,
  decodeLevels,
  encodeLevels,
  levelsOfCoefficients,
  valuesOfLevels,
} from './transform.js'

const images = waves([6, 16, 12, 3])
const values = images.dataSync<'float32'>() as Float32Array
const bytes = (options: CodecOptions, set: ReadonlyMap<string, typeof images> = new Map([['images', images]])) =>
  encodeTensors(set, options).parts.reduce((sum, part) => sum + part.bytes, 0)
const missed = (options: CodecOptions) => {
  const back = decodeTensors(encodeTensors(new Map([['images', images]]), options).stored)
    .get('images')!
    .dataSync()
  return Math.sqrt(values.reduce((sum, value, i) => sum + (value - back[i]!) ** 2, 0) / values.length)
}

describe('blocksOf', () => {
  it('takes the largest divisors', () => {
    expect(blocksOf([5, 14, 32, 3], 8).side).toEqual([7, 8, 3])
    expect(blocksOf([2, 3, 13, 10, 1], 8)).toEqual({ side: [1, 5, 1], shape: [6, 13, 1, 2, 5, 1], count: 156 })
  })
})

describe('coefficientsOf', () => {
  const constant = new Float32Array(sizeOf([2, 8, 8, 3])).fill(2)

  it('has all of a constant block in its first coefficient: the orthonormal DCT', () => {
    const coefficients = coefficientsOf(constant, blocksOf([2, 8, 8, 3], 4))
    expect(coefficients.length).toBe(constant.length)
    coefficients.forEach((value, i) => expect(value).toBeCloseTo(i % 48 === 0 ? 2 * Math.sqrt(48) : 0, 10))
  })

  it.each([2, 5, 16])('keeps the sum of squares, with blocks of %i', (block) => {
    const squares = (all: ArrayLike<number>) => Array.from(all).reduce((sum, value) => sum + value * value, 0)
    expect(squares(coefficientsOf(values, blocksOf(images.shape, block)))).toBeCloseTo(squares(values), 2)
  })

  it.each([1, 3, 8, 64])('is undone by whole cosines but for their rounding, with blocks of %i', (block) => {
    const blocks = blocksOf(images.shape, block)
    const coefficients = coefficientsOf(values, blocks)
    const step = 1e-3
    const levels = Int32Array.from(coefficients, (value) => Math.round(value / step))
    const back = valuesOfLevels(levels, step, blocks)
    back.forEach((value, i) => expect(Math.abs(value - values[i]!)).toBeLessThan(0.01))
  })
})

describe('levelsOfCoefficients', () => {
  it('rounds toward 0 up to six tenths of a step', () => {
    const levels = levelsOfCoefficients(Float64Array.of(0.59, 0.61, -0.59, -0.61, 1.59, 1.61, -3.2), 1)
    expect([...levels].map((level) => level + 0)).toEqual([0, 1, 0, -1, 1, 2, -3])
  })
})

describe('encodeLevels', () => {
  it.each([
    [[4, 8, 8, 3], 8, 3],
    [[1, 5, 7, 1], 64, 400],
    [[3, 6, 6, 2], 2, 0.2],
  ] as const)('gives back levels of %j in blocks of %i', (shape, block, spread) => {
    const blocks = blocksOf(shape, block)
    const levels = Int32Array.from(normal(keyFrom(1), sizeOf(shape)), (value) => Math.round(spread * value))
    const bits = bitsOfLevels(levels)
    expect([...decodeLevels(encodeLevels(levels, blocks, bits), blocks, bits)]).toEqual([...levels])
  })

  it('needs next to nothing for zeros', () => {
    const blocks = blocksOf([10, 16, 16, 3], 8)
    expect(encodeLevels(new Int32Array(7680), blocks, 1).length).toBeLessThan(30)
  })
})

describe('a tensor that is transformed', () => {
  it('misses less with finer steps, by about a third of a step and less', () => {
    const [coarse, fine, finest] = [1, 0.3, 0.05].map((step) => missed({ transform: 'dct', step })) as [
      number,
      number,
      number,
    ]
    expect(coarse).toBeLessThan(0.4)
    expect(fine).toBeLessThan(coarse)
    expect(finest).toBeLessThan(0.02)
  })

  it('takes fewer bytes than levels of values that miss as much, where images are smooth', () => {
    expect(missed({ transform: 'dct', step: 0.15 })).toBeLessThan(missed({ bits: 4 }))
    expect(bytes({ transform: 'dct', step: 0.15 })).toBeLessThan(0.7 * bytes({ bits: 4 }))
  })

  it('stays within the bytes that are allowed, and uses them', () => {
    const free = bytes({ transform: 'dct', step: 0.05 })
    for (const share of [0.9, 0.5, 0.3]) {
      const allowed = Math.floor(share * free)
      const taken = bytes({ transform: 'dct', step: 0.05, bytes: allowed })
      expect(taken).toBeLessThanOrEqual(allowed)
      expect(taken).toBeGreaterThan(0.8 * allowed)
    }
    expect(bytes({ transform: 'dct', step: 0.05, bytes: 10 * free })).toBe(free)
    expect(mostBytesOf(new Map([['images', images]]), { transform: 'dct', bytes: 900 })).toBe(900)
  })

  it('needs no limit of bytes in the steps that a limit leads to, for each part alike', () => {
    const flat = tensor(new Float32Array(8 * 8).fill(0.3), [1, 8, 8, 1])
    const set = new Map([
      ['flat', flat],
      ['images', images],
      ['views', waves([4, 8, 8, 3])],
    ])
    const options = { transform: 'dct', step: 0.05, parts: { views: { step: 0.1 } } } as const
    const limit = Math.floor(0.5 * bytes(options, set))
    const { step, parts, ...rest } = coarseEnough(set, { ...options, bytes: limit })
    expect(step).toBeGreaterThan(0.05)
    expect(parts!.views!.step! / step!).toBeCloseTo(2, 10)
    expect(rest).toEqual({ transform: 'dct', bytes: limit })
    expect(bytes({ transform: 'dct', step: step!, parts: parts! }, set)).toBe(bytes({ ...options, bytes: limit }, set))
    expect(coarseEnough(set, options)).toEqual(options)
  })

  it('is what it was when it is encoded again', () => {
    const options = { transform: 'dct', step: 0.3 } as const
    const { stored } = encodeTensors(new Map([['images', images]]), options)
    expect(encodeTensors(new Map([['images', images]]), options).stored).toEqual(stored)
  })

  it('is an image: others are stored as without', () => {
    const set = new Map([
      ['matrix', drawn(1, [40, 30])],
      ['line', drawn(2, [9, 1, 300, 2])],
      ['constant', tensor(new Float32Array(600).fill(0.3), [6, 10, 10, 1])],
    ])
    const { stored } = encodeTensors(set, { transform: 'dct' })
    expect([...stored.values()].map((one) => (one as Uint8Array)[0])).toEqual([1, 1, 3])
  })

  it.each([
    [{ transform: 'fft' } as unknown as CodecOptions, 'transform of all tensors to be "none" or "dct", got fft'],
    [{ transform: 'dct', block: 65 } as const, 'block of all tensors to be a whole number of 1 … 64, got 65'],
    [{ transform: 'dct', step: 0 } as const, 'step of all tensors to be a number above 0, got 0'],
    [{ transform: 'dct', step: 1e-5 } as const, 'fewer than 8192 steps in the largest coefficient of images'],
    [{ transform: 'dct', bytes: 20 } as const, 'codec: expected at most 20 bytes, got'],
    [{ bits: 4, bytes: 20 } as const, 'codec: expected at most 20 bytes, got'],
  ])('refuses %j', (options, message) => {
    expect(() => encodeTensors(new Map([['images', images]]), options)).toThrow(message)
  })
})
