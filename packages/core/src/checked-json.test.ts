import { describe, expect, it } from 'vitest'
import { checkedJson, parseCheckedJson } from './checked-json.js'

const value = { name: 'ä', n: -0, list: [1e-7, 0.1, 5e-324], deep: { 2: 'x', 1: null } }
const read = (text: string) => parseCheckedJson<object>('a.json', text, { kind: 'result' })

describe('JSON with a checksum', () => {
  it('comes back without it, however it is laid out', () => {
    for (const space of [undefined, 2])
      expect(read(checkedJson(value, space))).toEqual(JSON.parse(JSON.stringify(value)))
    expect(JSON.parse(checkedJson(value))).toEqual({ ...JSON.parse(JSON.stringify(value)), crc32: expect.any(String) })
    expect(checkedJson(read(checkedJson(value)))).toBe(checkedJson(value))
  })

  it('names its file where any bit of it is flipped, or reads the same', () => {
    const text = Buffer.from(checkedJson(value))
    for (let bit = 0; bit < 8 * text.length; bit++) {
      const copy = Buffer.from(text)
      copy[bit >> 3]! ^= 1 << (bit & 7)
      let found: object
      try {
        found = read(copy.toString())
      } catch (error) {
        expect(String(error)).toMatch(/^HabaError: result a\.json: expected /)
        continue
      }
      // Damage to the name of the checksum: the file reads as one without a checksum.
      expect(found, copy.toString()).toMatchObject(JSON.parse(JSON.stringify(value)))
    }
  })

  it('is read without one, as earlier versions wrote it, and where it is no object', () => {
    expect([read('{"a":1}'), read('[1]'), read('null')]).toEqual([{ a: 1 }, [1], null])
  })

  it('says which field is wrong, and how to keep what was changed on purpose', () => {
    const check = () => ({ field: 'rows[0].mean', expected: 'a number', got: '"x"' })
    expect(() => parseCheckedJson('a.json', '{}', { kind: 'result', check })).toThrow(
      'result a.json: expected rows[0].mean to be a number, got "x".',
    )
    expect(() => read(checkedJson({ a: 1 }).replace(':1', ':2'))).toThrow(
      'If you changed it yourself, remove its field',
    )
  })
})
