import type { Tensor } from '@tensorflow/tfjs-core'
import {
  add,
  cast,
  disposeTree,
  fill,
  maximum,
  minimum,
  mul,
  reshape,
  scalar,
  where,
  signature,
  sum,
  tensor,
  tensorLeaves,
  transpose,
  type Engine,
  type Tree,
} from '@haba/core'
import { expect, it } from 'vitest'
import { leakCheck } from '../leak-check.js'
import { numbersOf } from '../suites/values.js'

const row = (...values: readonly number[]) => tensor(Float32Array.from(values), [values.length])

/** How compiled functions are called: results, arguments, signatures, ownership. */
export function testCalls(engine: () => Engine): void {
  it('compiles once for all values, and again for another shape or static leaf', async () => {
    const run = engine().compile('counted', (x: Tensor, options: { readonly by: number }) => mul(x, options.by))
    const compilations = async (x: Tensor, by: number, wanted: readonly number[]) => {
      const before = engine().stats.compilations
      expect(numbersOf(await run(x, { by }))).toEqual(wanted)
      return engine().stats.compilations - before
    }
    expect(await compilations(row(1, 2), 2, [2, 4])).toBe(1)
    expect(await compilations(row(3, 4), 2, [6, 8])).toBe(0)
    expect(await compilations(row(3, 4), 3, [9, 12])).toBe(1)
    expect(await compilations(row(1, 2), 2, [2, 4])).toBe(0)
    expect(await compilations(row(1, 2, 3), 2, [2, 4, 6])).toBe(1)
  })

  it('tells NaN, both infinities and both zeros apart, as static leaves and as constants', async () => {
    const limit = engine().compile('limit', (x: Tensor, by: number) => maximum(x, by))
    expect(numbersOf(await limit(row(-5, 5), -Infinity))).toEqual([-5, 5])
    expect(numbersOf(await limit(row(-5, 5), Infinity))).toEqual([Infinity, Infinity])
    const both = engine().compile('both limits', (x: Tensor) => maximum(minimum(x, Infinity), -Infinity))
    expect(numbersOf(await both(row(-5, 5)))).toEqual([-5, 5])
    const choice = engine().compile('zeros', (mask: Tensor) => where(mask, 0, fill([2], -0)))
    expect(numbersOf(await choice(row(1, 0)))).toEqual([0, -0])
  })

  it('compiles by dtype, too', async () => {
    const run = engine().compile('dtypes', (x: Tensor) => add(cast(x, 'float32'), 0.5))
    expect(numbersOf(await run(row(1, 2)))).toEqual([1.5, 2.5])
    expect(numbersOf(await run(tensor(Int32Array.of(1, 2), [2])))).toEqual([1.5, 2.5])
  })

  it('gives trees as results, in the order they were written', async () => {
    const run = engine().compile('tree', (x: Tensor, y: Tensor) => ({
      b: [add(x, y), { deep: mul(x, y) }],
      a: sum(x),
      whole: cast(x, 'int32'),
    }))
    const result = await run(row(1, 2), row(3, 4))
    expect(Object.keys(result)).toEqual(['b', 'a', 'whole'])
    expect(signature([result as Tree])).toBe('0.a=float32[];0.b.0=float32[2];0.b.1.deep=float32[2];0.whole=int32[2]')
    expect(numbersOf(result as Tree)).toEqual([3, 4, 6, 3, 8, 1, 2])
  })

  it('passes on arguments, constants and repeated results as they are', async () => {
    const captured = row(7, 8)
    const run = engine().compile('passed', (x: Tensor, i: Tensor) => ({
      x,
      i,
      again: x,
      captured,
      twice: [mul(x, 2), x],
    }))
    const [x, i] = [row(1, 2), tensor(Int32Array.of(5), [1])]
    const result = await run(x, i)
    expect(numbersOf(result as Tree)).toEqual([1, 2, 7, 8, 5, 2, 4, 1, 2, 1, 2])
    expect(result.i.dtype).toBe('int32')
    // What comes back is the caller's own.
    disposeTree(result)
    expect([...numbersOf(x), ...numbersOf(i)]).toEqual([1, 2, 5])
  })

  it('takes its own results as arguments, whatever layout it keeps them in', async () => {
    const flip = engine().compile('flip', (x: Tensor) => transpose(x, [0, 3, 1, 2]))
    const flat = engine().compile('flat', (x: Tensor) => reshape(mul(x, 1), [-1]))
    const x = tensor(
      Float32Array.from({ length: 24 }, (_, k) => k),
      [1, 2, 3, 4],
    )
    const flipped = await flip(x)
    expect(flipped.shape).toEqual([1, 4, 2, 3])
    const wanted = Array.from({ length: 24 }, (_, k) => (k % 6) * 4 + Math.floor(k / 6))
    expect(numbersOf(await flat(flipped))).toEqual(wanted)
    expect(numbersOf(flipped)).toEqual(wanted)
  })

  it('runs without tensors, and ignores those it has no use for', async () => {
    const run = engine().compile('idle', (_: Tensor, by: number) => scalar(by))
    expect(numbersOf(await run(row(1), 3))).toEqual([3])
    expect(numbersOf(await engine().compile('nothing', () => [row(1, 2)] as Tree)())).toEqual([1, 2])
  })

  it('keeps calls apart that run at once', async () => {
    const run = engine().compile('at once', (x: Tensor) => mul(add(x, 1), x))
    const results = await Promise.all([1, 2, 3, 4].map((v) => run(row(v))))
    expect(results.flatMap(numbersOf)).toEqual([2, 6, 12, 20])
  })

  it('leaves no tensor behind but its results', async () => {
    const run = engine().compile('clean', (x: Tensor) => ({ y: mul(add(x, 1), x), z: x }))
    const x = row(1, 2)
    await leakCheck(async () => disposeTree(await run(x)))
    expect(tensorLeaves([x]).some((leaf) => leaf.isDisposed)).toBe(false)
    expect(numbersOf(x)).toEqual([1, 2])
  })
}
