import { tensor, toSafetensors, type SetCodec } from '@haba/core'
import type { Tensor } from '@tensorflow/tfjs-core'
import { describe, expect, it } from 'vitest'
import { decodeTensors, encodeTensors, quantizeTensors, setCodec, type Quantized } from './codec.js'
import { mostBytesOf } from './options.js'
import { drawn, waves } from './numbers.test-data.js'

const set = new Map<string, Tensor>([
  ['bases', waves([10, 14, 14, 3])],
  ['hallucinators.encode.kernel', drawn(1, [4, 3, 3, 3, 3])],
  ['hallucinators.scale', drawn(2, [4, 12, 12, 3])],
  ['objective.rate', tensor([0.02], [])],
])
const numbers = (t: Tensor) => [...t.dataSync()]
const length = (one: Tensor | Uint8Array) => (one instanceof Uint8Array ? one.length : 4 * one.size)
const missed = (decoded: ReadonlyMap<string, Tensor>, path: string) => {
  const [own, back] = [numbers(set.get(path)!), numbers(decoded.get(path)!)]
  return own.reduce((sum, value, i) => sum + (value - back[i]!) ** 2, 0) / own.length
}

describe('encodeTensors', () => {
  it.each([1, 2, 4, 8])('at %i bits tells exactly where its bytes go', (bits) => {
    const { stored, parts } = encodeTensors(set, { bits, groups: 8 })
    const bytes = [...stored.values()].reduce((sum, one) => sum + length(one), 0)
    expect(parts.reduce((sum, part) => sum + part.bytes, 0)).toBe(bytes)
    expect(parts.map(({ name, floats }) => [name, floats])).toEqual([
      ['bases', 5880],
      ['hallucinators', 324 + 1728],
      ['objective.rate', 1],
      ['codec: scales and offsets', 0],
      ['codec: groups of patches', 0],
      ['codec: headers', 0],
    ])
    const names = Object.fromEntries([...stored].map(([name]) => [name, { dtype: 'x', shape: [] }]))
    expect(Object.keys(names)).toEqual([...set.keys()])
    // The file holds these bytes and its header, nothing else.
    const file = toSafetensors(stored)
    expect(file.length - 8 - Number(new DataView(file.buffer).getBigUint64(0, true))).toBe(bytes)
  })

  it('decodes to the values of its levels, the same when encoded again', () => {
    const quantized = quantizeTensors(set, { bits: 3, groups: 16 })
    const once = encodeTensors(set, { bits: 3, groups: 16 }).stored
    const decoded = decodeTensors(once)
    expect([...decoded.keys()]).toEqual([...set.keys()])
    for (const [path, t] of decoded) expect(t.shape).toEqual(set.get(path)!.shape)
    const { scales, levels } = quantized.get('bases') as Quantized
    const pair = (i: number) => scales.pairOf[scales.patches.of[i]!]!
    const back = numbers(decoded.get('bases')!)
    levels.forEach((level, i) =>
      expect(back[i]).toBe(Math.fround(Math.fround(level * scales.step[pair(i)]!) + scales.low[pair(i)]!)),
    )
    expect(encodeTensors(set, { bits: 3, groups: 16 }).stored).toEqual(once)
  })

  it('misses less with more bits, for each part by its own options', () => {
    const errors = [1, 2, 4, 8].map((bits) => missed(decodeTensors(encodeTensors(set, { bits }).stored), 'bases'))
    errors.slice(1).forEach((error, i) => expect(error).toBeLessThan(errors[i]! / 2))
    const mixed = decodeTensors(
      encodeTensors(set, { bits: 1, parts: { hallucinators: { bits: 8 }, 'hallucinators.encode': { bits: 32 } } })
        .stored,
    )
    expect(missed(mixed, 'bases')).toBe(errors[0])
    expect(missed(mixed, 'hallucinators.scale')).toBeLessThan(1e-3)
    expect(missed(mixed, 'hallucinators.encode.kernel')).toBe(0)
    expect(missed(decodeTensors(encodeTensors(set, { bits: 16 }).stored), 'bases')).toBeLessThan(1e-6)
  })

  it('leaves small tensors in float16 or float32 where that takes fewer bytes', () => {
    const small = new Map([
      ['scalar', drawn(1, [])],
      ['bias', drawn(2, [4])],
      ['kernel', drawn(3, [300])],
    ])
    const { stored } = encodeTensors(small, { bits: 4, groups: 0 })
    expect(stored.get('scalar')).toBe(small.get('scalar'))
    expect((stored.get('bias') as Uint8Array).length).toBe(3 + 4 + 8)
    expect((stored.get('kernel') as Uint8Array)[0]).toBe(1)
  })

  it('keeps whole numbers as they are, in as many bits as they span', () => {
    const masks = tensor(
      Int32Array.from({ length: 4096 }, (_, i) => 5 + ((i * 2654435761) % 1024)),
      [64, 64],
    )
    const { stored } = encodeTensors(new Map([['masks', masks]]), { bits: 1 })
    expect(numbers(decodeTensors(stored).get('masks')!)).toEqual(numbers(masks))
    expect(length(stored.get('masks')!)).toBeLessThanOrEqual(4096 * 1.25 + 10)
  })

  it('takes no more than is told without looking at values', () => {
    for (const options of [{}, { bits: 2, groups: 0 }, { bits: 7, groups: 5, patch: 3 }, { bits: 16 }, { bits: 32 }]) {
      const bytes = [...encodeTensors(set, options).stored.values()].reduce((sum, one) => sum + length(one), 0)
      expect(bytes).toBeLessThanOrEqual(mostBytesOf(set, options))
    }
  })

  it.each([
    ['bits', { bits: 9 }, 'codec: expected bits of all tensors to be 1 … 8, 16 or 32, got 9.'],
    [
      'a patch',
      { parts: { bases: { patch: 0 } } },
      'codec: expected patch of bases to be a whole number of 1 … 255, got 0.',
    ],
    ['groups', { groups: -1 }, 'codec: expected groups of all tensors to be a whole number of 0 … 65536, got -1.'],
    ['a part', { parts: { basis: {} } }, 'codec: expected parts among bases, hallucinators.encode.kernel,'],
  ])('refuses %s that cannot be', (_, options, message) => {
    expect(() => encodeTensors(set, options)).toThrow(message)
  })

  it('refuses values that are not finite', () => {
    expect(() => encodeTensors(new Map([['images', tensor([1, NaN], [2])]]))).toThrow('finite values in images')
  })
})

describe('setCodec', () => {
  it('reads what any codec of its name wrote', () => {
    const [four, eight]: readonly SetCodec[] = [setCodec({ bits: 4 }), setCodec({ bits: 8 })]
    const { stored } = four!.encode(set)
    expect(numbers(eight!.decode(stored, 'x').get('bases')!)).toEqual(numbers(decodeTensors(stored).get('bases')!))
  })

  it('says which tensor of which file is cut short', () => {
    const { stored } = setCodec().encode(set)
    const cut = new Map(stored).set('bases', (stored.get('bases') as Uint8Array).subarray(0, 12))
    expect(() => setCodec().decode(cut, 'a.safetensors')).toThrow('a.safetensors, bases: expected')
  })
})
