import { integers, keyFrom } from '@haba/core'
import { describe, expect, it } from 'vitest'
import { decodeSymbols, encodeSymbols, packedLength, type SymbolShape } from './symbols.js'

const shape = (bits: number, height: number, width: number, channels: number, images = 1): SymbolShape => ({
  bits,
  height,
  width,
  channels,
  count: images * height * width * channels,
})

describe('symbols', () => {
  it.each([1, 2, 3, 8, 13, 16])('of %i bits come back, and take at most their bits and a byte', (bits) => {
    const own = shape(bits, 6, 5, 3, 4)
    const symbols = integers(keyFrom(bits), own.count, 2 ** bits)
    const stream = encodeSymbols(symbols, own)
    expect([...decodeSymbols('test', stream, own)]).toEqual([...symbols])
    expect(stream.length).toBeLessThanOrEqual(packedLength(own))
    // Random bits cannot be compressed; the last byte may be partial.
    expect(stream.length).toBeGreaterThan(packedLength(own) - 8)
  })

  it('take less where neighbors are alike: to the left, above, and in the channel before', () => {
    const own = shape(4, 16, 16, 3, 6)
    const noise = integers(keyFrom(2), own.count, 16)
    const lengths = [(i: number) => Math.floor(i / 48) * 48, (i: number) => i - (i % 3), (i: number) => i % 48].map(
      (same) => {
        const symbols = noise.map((_, i) => noise[same(i)]!)
        const stream = encodeSymbols(symbols, own)
        expect([...decodeSymbols('test', stream, own)]).toEqual([...symbols])
        return stream.length
      },
    )
    for (const length of lengths) expect(length).toBeLessThan(0.8 * packedLength(own))
  })

  it('may be none', () => {
    const none = shape(4, 1, 1, 1, 0)
    expect([...decodeSymbols('test', encodeSymbols([], none), none)]).toEqual([])
  })
})
