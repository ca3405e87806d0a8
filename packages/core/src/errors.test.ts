import { expect, it } from 'vitest'
import { HabaError } from './errors.js'

it('says who, what was expected, what came and what to do, in words and as facts', () => {
  const error = new HabaError('pixels', 'a count above 0', '-1', 'Choose another.')
  expect(error.message).toBe('pixels: expected a count above 0, got -1. Choose another.')
  expect(error.facts).toEqual({
    source: 'pixels',
    expected: 'a count above 0',
    received: '-1',
    hint: 'Choose another.',
  })
  expect(error).toBeInstanceOf(Error)
  expect(error.name).toBe('HabaError')
})

it('ends after what came where that says it all', () => {
  expect(new HabaError('pixels', 'a count above 0', '-1', '').message).toBe('pixels: expected a count above 0, got -1.')
})

it('keeps its cause', () => {
  const cause = new Error('below')
  expect(new HabaError('a', 'b', 'c', 'd', { cause }).cause).toBe(cause)
})

it('knows its own kind, also from another installed copy', () => {
  const foreign = Object.assign(new Error('x'), { [Symbol.for('haba.error')]: true })
  expect(HabaError.is(new HabaError('a', 'b', 'c', 'd'))).toBe(true)
  expect(HabaError.is(foreign)).toBe(true)
  expect([new Error('x'), null, undefined, 'haba.error', {}].map(HabaError.is)).toEqual(Array(5).fill(false))
})
