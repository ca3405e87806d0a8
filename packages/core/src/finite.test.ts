import { referenceEngine } from '@haba/testing'
import { describe, expect, it } from 'vitest'
import { HabaError } from './errors.js'
import { checkFinite, firstNotFinite, isNotFinite, sumOfAll } from './finite.js'
import type { Tree } from './spec/tree.js'
import { tensor } from './tree/host.js'

const with_ = (value: number, at: number, size = 7): Tree => {
  const values = new Float32Array(size).fill(3e38)
  if (at >= 0) values[at] = value
  return { a: tensor(new Float32Array(size), [size]), b: [tensor(values, [size]), tensor(Int32Array.of(7), [1])] }
}

describe('firstNotFinite', () => {
  it('finds NaN and infinities wherever they are', () => {
    for (const value of [NaN, Infinity, -Infinity])
      for (let at = 0; at < 7; at++) expect(firstNotFinite(with_(value, at))).toEqual({ path: 'b.0', value })
    expect(firstNotFinite(with_(0, -1))).toBeUndefined()
    expect(firstNotFinite({})).toBeUndefined()
  })

  it('is told as an error that can be known, also as a cause', () => {
    expect(() => checkFinite('checkpoint x', with_(NaN, 2), 'at step 3', 'Lower the rates.')).toThrow(
      'checkpoint x: expected finite numbers, got NaN in b.0 at step 3. Lower the rates.',
    )
    let error: unknown
    try {
      checkFinite('x', with_(Infinity, 2), '', '')
    } catch (caught) {
      error = caught
    }
    expect(isNotFinite(error)).toBe(true)
    expect(isNotFinite(new HabaError('y', 'a', 'b', 'c', { cause: error }))).toBe(true)
    expect(isNotFinite(new HabaError('y', 'a', 'b', 'c'))).toBe(false)
  })
})

describe('sumOfAll', () => {
  it('is finite where all values are, and only there', async () => {
    const sum = referenceEngine().compile('sum', (a: Tree, b: Tree) => sumOfAll(a, b))
    const of = async (...values: readonly number[]) =>
      (await sum({ x: tensor(values, [values.length]), n: tensor(Int32Array.of(5), [1]) }, {})).dataSync()[0]
    expect(await of(1, 2)).toBe(3)
    for (const bad of [NaN, Infinity, -Infinity]) expect(await of(1, bad)).toSatisfy((v: number) => !Number.isFinite(v))
    expect(await of(Infinity, -Infinity)).toBeNaN()
  })
})
