import { describe, expect, it } from 'vitest'
import { canonicalHash, canonicalJson, differenceError, differences, identify, readIdentity } from './identity.js'

describe('canonicalJson', () => {
  it('is the same whatever the order of names, and has one text for each number', () => {
    expect(canonicalJson({ b: [1, 0.1, 1e21, -0], a: { d: undefined, c: 'ä' } })).toBe(
      '{"a":{"c":"ä"},"b":[1,0.1,1e+21,0]}',
    )
    expect(canonicalHash({ 10: 1, 9: 2 })).toBe(canonicalHash({ 9: 2, 10: 1 }))
    expect(canonicalJson({ 10: 1, 9: 2 })).toBe('{"10":1,"9":2}')
  })

  it('has the published hash', () => {
    // printf '{}' | sha256sum
    expect(canonicalHash({})).toBe('44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a')
  })

  it('refuses numbers that JSON has not', () => {
    expect(() => canonicalJson({ a: NaN })).toThrow('expected finite numbers, got NaN')
  })
})

describe('readIdentity', () => {
  const identity = identify({ classes: ['a', 'b'], image: [8, 8, 1] })

  it('reads what was written, and nothing where nothing was', () => {
    expect(readIdentity('x', JSON.parse(JSON.stringify(identity)))).toEqual(identity)
    expect(readIdentity('x', undefined)).toBeUndefined()
  })

  it('refuses parts that were changed, and later formats', () => {
    const changed = { ...identity, parts: { ...identity.parts, classes: ['b', 'a'] } }
    expect(() => readIdentity('x', changed)).toThrow('identity in x: expected the hash of its parts')
    expect(() => readIdentity('x', { ...identity, format: 2 })).toThrow(
      'expected format 1, got 2. Read it with a later version',
    )
    expect(() => readIdentity('x', 'y')).toThrow('expected an object, got "y"')
    expect(() => readIdentity('x', { format: 1 })).toThrow('expected "parts", got none')
  })
})

describe('differences', () => {
  it('are named by their place, in both directions', () => {
    const one = { train: { images: { cat: 8, __proto__x: 1 } }, list: [1, 2], same: { a: [1] } }
    const other = { train: { images: { cat: 9 } }, list: [1, 3], same: { a: [1] }, more: true }
    expect(differences(one, other)).toEqual([
      { part: 'train.images.cat', expected: 8, got: 9 },
      { part: 'train.images.__proto__x', expected: 1, got: undefined },
      { part: 'list.1', expected: 2, got: 3 },
      { part: 'more', expected: undefined, got: true },
    ])
    expect(differences({ constructor: undefined }, {})).toEqual([])
    expect(differences([1], [1, 2])).toEqual([{ part: '', expected: [1], got: [1, 2] }])
  })

  it('are told on both sides, three of them', () => {
    const all = differences({ a: 1, b: 2, c: 3, d: 4 }, {})
    const { facts } = differenceError('x', all, 'Choose another.')
    expect(facts.expected).toBe('a 1, b 2, c 3, and 1 more that differ')
    expect(facts.received).toBe('a absent, b absent, c absent')
    const [long] = differences({ a: 'x'.repeat(1000) }, {})
    expect(differenceError('x', [long!], '').facts.expected.length).toBeLessThan(130)
  })
})
