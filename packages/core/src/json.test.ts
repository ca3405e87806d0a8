import { describe, expect, it } from 'vitest'
import { endOfText, parseJson, shownJson } from './json.js'

describe('JSON from anywhere', () => {
  it('is parsed, and refused where it is nested deeper than any file of haba', () => {
    const nested = (levels: number) => `{"a":${'['.repeat(levels)}"]]\\"[["${']'.repeat(levels)}}`
    expect(parseJson('{"a":["\\\\",{"b":null}]}')).toEqual({ a: ['\\', { b: null }] })
    expect(parseJson(nested(99))).toBeDefined()
    expect(() => parseJson(nested(100))).toThrow(/nested more than 100 deep at character 104/)
    expect(() => parseJson(nested(100_000))).toThrow(SyntaxError)
  })

  it('is refused for numbers that no double can hold', () => {
    expect(parseJson('[1e300,"1e999",1e-999]')).toEqual([1e300, '1e999', 0])
    for (const text of ['{"a":[1e999]}', '-1E+400', '9'.repeat(400)]) expect(() => parseJson(text)).toThrow(/1.8e308/)
  })

  it('may hold texts of any length', () => {
    const long = JSON.stringify(['\\"'.repeat(1e7)])
    expect(endOfText(long, 1)).toBe(long.length - 1)
  })

  it('is shown in a line', () => {
    expect([shownJson(undefined), shownJson([1]), shownJson('x'.repeat(1e6)).length]).toEqual(['nothing', '[1]', 121])
  })
})
