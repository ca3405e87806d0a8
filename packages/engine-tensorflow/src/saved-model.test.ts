import { expect, it } from 'vitest'
import { savedModel } from './saved-model.js'

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex')
const text = (words: string) => Buffer.from(words).toString('hex')

it('writes a graph byte for byte as protocol buffers say', () => {
  const operators = [
    { name: 'in0', op: 'Placeholder', inputs: [], attributes: { dtype: { type: 'float32' } } },
  ] as const
  const attribute = `2a0b0a05${text('dtype')}12023001`
  const node = `0a1f0a03${text('in0')}120b${text('Placeholder')}${attribute}`
  // schema version 1; a graph of 0x31 bytes: tagged "serve", one node, made by version 1087
  expect(hex(savedModel(operators))).toBe(`080112310a072205${text('serve')}1226${node}220308bf08`)
})

it('writes attributes of every kind', () => {
  const written = (attribute: Parameters<typeof savedModel>[0][number]['attributes'][string]) =>
    hex(savedModel([{ name: 'n', op: 'o', inputs: ['m'], attributes: { a: attribute } }]))
  // The node begins: its name, its operator, its input; then comes the entry "a" with the value.
  const begin = `0a016e12016f1a016d`
  const entry = (value: string) =>
    `2a${(5 + value.length / 2).toString(16).padStart(2, '0')}0a016112${(value.length / 2).toString(16).padStart(2, '0')}${value}`
  expect(written({ type: 'bool' })).toContain(begin + entry('300a'))
  expect(written({ integer: 3 })).toContain(begin + entry('1803'))
  expect(written({ integers: [1, 2] })).toContain(begin + entry('0a0418011802'))
  expect(written({ yes: true })).toContain(begin + entry('2801'))
  expect(written({ text: 'SAME' })).toContain(begin + entry(`1204${text('SAME')}`))
  // int32 of shape [2]: 1, -1
  const tensor = { values: Int32Array.of(1, -1), shape: [2] }
  expect(written({ tensor })).toContain(begin + entry('42120803120412020802220801000000ffffffff'))
})
