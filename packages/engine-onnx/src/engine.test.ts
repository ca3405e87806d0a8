import '@tensorflow/tfjs-backend-cpu'
import {
  add,
  conv2d,
  gather,
  grad,
  HabaError,
  hostValue,
  keyFrom,
  mapTree,
  mul,
  normal,
  scalar,
  sub,
  sum,
  tanh,
  tensor,
  type Tree,
} from '@haba/core'
import { setBackend, tensor1d, type Scalar, type Tensor, type Tensor1D, type Tensor4D } from '@tensorflow/tfjs-core'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { onnxEngine, type OnnxEngine } from './engine.js'

let engine: OnnxEngine
beforeEach(() => {
  engine = onnxEngine({ threads: 1 })
})
afterEach(() => engine.close())

const vector = (...values: number[]) => tensor(values, [values.length]) as Tensor1D

describe('compile', () => {
  test('new values do not compile again, a new shape and a new static leaf do', async () => {
    const scale = engine.compile('scale', (x: Tensor, { by }: { by: number }) => mul(x, by))
    for (const value of [1, 2, 3])
      expect([...(await scale(vector(value, value), { by: 2 })).dataSync()]).toEqual([2 * value, 2 * value])
    expect(engine.stats.compilations).toBe(1)
    await scale(vector(1, 2, 3), { by: 2 })
    expect(engine.stats.compilations).toBe(2)
    expect([...(await scale(vector(1, 2), { by: 5 })).dataSync()]).toEqual([5, 10])
    expect(engine.stats.compilations).toBe(3)
    expect(engine.stats.functions.scale!.calls).toBe(5)
  })

  test('a batch too large for the cache is computed in parts', async () => {
    const means = engine.compile('means', (x: Tensor4D, kernel: Tensor4D) => sum(conv2d(x, kernel, { pad: 1 }), [1, 2]))
    const kernel = tensor(normal(keyFrom(1), 9 * 32), [3, 3, 1, 32]) as Tensor4D
    const images = (count: number) => tensor(normal(keyFrom(2), count * 1024), [count, 32, 32, 1]) as Tensor4D
    const few = (await means(images(2), kernel)).dataSync()
    const atOnce = engine.stats.functions.means!.operators
    const many = (await means(images(512), kernel)).dataSync()
    expect(engine.stats.functions.means!.operators).toBeGreaterThan(2 * atOnce)
    few.forEach((value, i) => expect(many[i]).toBeCloseTo(value, 3))
  })

  test('concurrent first calls compile once and keep their own values', async () => {
    const double = engine.compile('double', (x: Tensor) => add(x, x))
    const results = await Promise.all([1, 2, 3, 4].map((value) => double(vector(value))))
    expect(results.map((result) => result.dataSync()[0])).toEqual([2, 4, 6, 8])
    expect([engine.stats.compilations, engine.stats.sessions]).toEqual([1, 1])
  })

  test('what is fed back settles on a layout, and is read in logical order', async () => {
    const descend = (kernel: Tensor4D, images: Tensor4D) =>
      sub(
        kernel,
        mul(
          grad((k: Tensor4D) => sum(tanh(conv2d(images, k))) as Scalar, kernel),
          0.1,
        ),
      )
    const compiled = engine.compile('descend', descend)
    const images = tensor(normal(keyFrom(1), 2 * 5 * 5 * 2), [2, 5, 5, 2]) as Tensor4D
    let kernel = tensor(normal(keyFrom(2), 3 * 3 * 2 * 4), [3, 3, 2, 4]) as Tensor4D
    let logical = kernel
    for (let i = 0; i < 4; i++) kernel = (await compiled(kernel, images)) as Tensor4D
    // The same steps from the same values in plain order, which the session that settled is given in its own.
    for (let i = 0; i < 4; i++) {
      await compiled(kernel, images)
      const plain = tensor(Float32Array.from(logical.dataSync()), logical.shape) as Tensor4D
      logical = (await compiled(plain, images)) as Tensor4D
    }
    expect(hostValue(kernel)).toMatchObject({ order: [3, 2, 0, 1] })
    kernel.dataSync().forEach((value, i) => expect(value).toBeCloseTo(logical.dataSync()[i]!, 5))
    expect(engine.stats).toMatchObject({ compilations: 1, sessions: 2 })
  })

  test('reads tensors of a tfjs backend', async () => {
    await setBackend('cpu')
    const double = engine.compile('double', (x: Tensor) => add(x, x))
    expect([...(await double(tensor1d([1, 2]))).dataSync()]).toEqual([2, 4])
  })

  test('gives back arguments and captured values as results of their own', async () => {
    const captured = vector(7)
    const pair = engine.compile('pair', (x: Tensor) => ({ x, captured, again: x }))
    const argument = vector(3)
    const result = await pair(argument)
    argument.dispose()
    expect([result.x, result.captured, result.again].map((t) => t.dataSync()[0])).toEqual([3, 7, 3])
  })

  test('an error of onnxruntime names the function and the signature', async () => {
    const rows = engine.compile('rows', (x: Tensor1D, indices: Tensor1D) => gather(x, indices))
    const failure = await rows(vector(1, 2), tensor([5], [1], 'int32') as Tensor1D).catch((error: unknown) => error)
    expect(HabaError.is(failure)).toBe(true)
    expect(String(failure)).toMatch(/onnxEngine: rows.*0=float32\[2\];1=int32\[1\]/s)
  })

  test('a compiled function inside another is refused', async () => {
    const inner = engine.compile('inner', (x: Tensor) => add(x, x))
    const refusals: unknown[] = []
    const outer = engine.compile('outer', (x: Tensor) => {
      inner(x).catch((error: unknown) => refusals.push(error))
      return x
    })
    await outer(vector(1))
    expect(refusals.map(String)).toEqual([expect.stringContaining('compile')])
  })

  test('goes on after close', async () => {
    const double = engine.compile('double', (x: Tensor) => add(x, x))
    await double(vector(1))
    await engine.close()
    expect((await double(vector(2))).dataSync()[0]).toBe(4)
  })
})

describe('linearize', () => {
  const fn = (params: { readonly a: Tensor; readonly b: Tensor }, x: Tensor, power: number) => {
    let product: Tensor = x
    for (let i = 0; i < power; i++) product = mul(product, tanh(params.a))
    return { y: add(product, params.b), z: mul(params.b, params.a) }
  }

  test('forward and backward agree with a gradient in one piece', async () => {
    const params = { a: vector(0.5, -0.2), b: vector(1, 2) }
    const [x, cotangent] = [vector(3, 4), { y: vector(1, -1), z: vector(0.5, 2) }]
    const { forward, backward } = engine.linearize('fn', fn)
    const whole = engine.compile('whole', (p: typeof params, at: Tensor, ct: typeof cotangent, power: number) =>
      grad((q: typeof params) => {
        const { y, z } = fn(q, at, power)
        return add(sum(mul(y, ct.y)), sum(mul(z, ct.z))) as Scalar
      }, p),
    )
    for (const power of [1, 3]) {
      const { value, kept } = await forward(params, x, power)
      expect(value.y.dataSync()[0]).toBeCloseTo(3 * Math.tanh(0.5) ** power + 1, 5)
      const found = await backward(kept, cotangent)
      const expected = await whole(params, x, cotangent, power)
      mapTree(
        (f, e) => (f.dataSync().forEach((v, i) => expect(v).toBeCloseTo(e.dataSync()[i]!, 5)), f),
        found,
        expected,
      )
    }
  })

  test('interleaved calls find their own programs, new values do not compile again', async () => {
    const { forward, backward } = engine.linearize('fn', fn)
    const params = { a: vector(0.5), b: vector(1) }
    const cotangent = { y: vector(1), z: vector(0) }
    const first = await forward(params, vector(2), 1)
    const second = await forward(params, vector(2), 2)
    const count = engine.stats.compilations
    const t = Math.tanh(0.5)
    expect((await backward(first.kept, cotangent)).a.dataSync()[0]).toBeCloseTo(2 * (1 - t * t), 5)
    expect((await backward(second.kept, cotangent)).a.dataSync()[0]).toBeCloseTo(4 * t * (1 - t * t), 5)
    const third = await forward({ a: vector(0), b: vector(1) }, vector(3), 1)
    expect((await backward(third.kept, cotangent)).a.dataSync()[0]).toBeCloseTo(3, 5)
    expect(engine.stats.compilations).toBe(count)
  })

  test('refuses what forward did not keep', async () => {
    const { backward } = engine.linearize('fn', fn)
    const foreign: Tree = [scalar(1)]
    await expect(backward(foreign, { y: vector(1), z: vector(1) })).rejects.toThrow(/fn\.backward.*kept/s)
  })
})

test('refuses half a thread', () => {
  expect(() => onnxEngine({ threads: 0.5 })).toThrow(/onnxEngine.*threads/s)
})
