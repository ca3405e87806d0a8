import { bits, keyFrom, uniform } from '@haba/core'
import { describe, expect, it } from 'vitest'
import { BitDecoder, BitEncoder, BitModel } from './arithmetic-coder.js'

function roundTrip(sequence: readonly number[], contexts: readonly number[]) {
  const most = Math.max(...contexts) + 1
  const encoder = new BitEncoder(new BitModel(most))
  sequence.forEach((bit, i) => encoder.write(contexts[i]!, bit))
  const bytes = encoder.end()
  const decoder = new BitDecoder(new BitModel(most), bytes)
  return { bytes, back: sequence.map((_, i) => decoder.read(contexts[i]!)) }
}

const entropy = (p: number) => -p * Math.log2(p) - (1 - p) * Math.log2(1 - p)

describe('the arithmetic coder', () => {
  it.each([0.5, 0.1, 0.9, 0.01])('gives back bits of which %f are 1, in about their entropy', (p) => {
    const sequence = Array.from(uniform(keyFrom(7), 20_000), (u) => (u < p ? 1 : 0))
    const { bytes, back } = roundTrip(
      sequence,
      sequence.map(() => 0),
    )
    expect(back).toEqual(sequence)
    const least = (entropy(p) * sequence.length) / 8
    expect(bytes.length).toBeGreaterThan(0.9 * least)
    expect(bytes.length).toBeLessThan(1.03 * least + 20)
  })

  it.each([0, 1])('takes next to nothing for bits that are all %i', (bit) => {
    const sequence = new Array<number>(10_000).fill(bit)
    const { bytes, back } = roundTrip(
      sequence,
      sequence.map(() => 0),
    )
    expect(back).toEqual(sequence)
    expect(bytes.length).toBeLessThan(20)
  })

  it('learns each context by itself', () => {
    const sequence = Array.from(bits(keyFrom(1), 10_000), (word) => word & 1)
    const contexts = sequence.map((bit) => bit)
    const { bytes, back } = roundTrip(sequence, contexts)
    expect(back).toEqual(sequence)
    expect(bytes.length).toBeLessThan(20)
  })

  it('gives back nothing, and single bits', () => {
    expect(roundTrip([0], [0]).back).toEqual([0])
    expect(roundTrip([1], [0]).back).toEqual([1])
    expect(new BitEncoder(new BitModel(1)).end()).toEqual(new Uint8Array(0))
  })

  it('writes the bytes that it always wrote', () => {
    const sequence = Array.from(uniform(keyFrom(3), 200), (u) => (u < 0.2 ? 1 : 0))
    const { bytes } = roundTrip(
      sequence,
      sequence.map((_, i) => i % 3),
    )
    expect(Buffer.from(bytes).toString('hex')).toMatchInlineSnapshot(`"f8691ad1bb43bb3ed1735667cc80ce072e84c00a"`)
  })
})
