import '@tensorflow/tfjs-backend-cpu'
import '@tensorflow/tfjs-backend-wasm'
import * as h from '@haba/core'
import { onnxEngine } from '@haba/engine-onnx'
import * as tf from '@tensorflow/tfjs-core'
import '@tensorflow/tfjs-layers' // registers the gradients of tfjs's kernels
import { beforeEach, describe, expect, it } from 'vitest'

// Each line of the README's table "Losses on tf tensors".

beforeEach(async () => {
  await tf.setBackend('cpu')
})

const shape = [2, 4, 4, 2] as const
const x = h.tensor(h.normal(h.keyFrom(1), 64), shape)
const other = h.tensor(h.normal(h.keyFrom(3), 64), shape)
const kernel = h.tensor(h.normal(h.keyFrom(2), 36), [3, 3, 2, 2])
const pair = h.tensor([0.5, 2], [2])
const rows = h.tensor(Int32Array.of(1, 0, 1), [3])
const square8 = (y: tf.Tensor) => h.reshape(y, [8, 8])
const values = (y: tf.Tensor) => [...y.dataSync()]
const near = (got: tf.Tensor, wanted: tf.Tensor) => {
  expect(got.shape).toEqual(wanted.shape)
  const [a, b] = [values(got), values(wanted)]
  const largest = Math.max(1, ...b.map(Math.abs))
  a.forEach((value, i) => expect(Math.abs(value - b[i]!)).toBeLessThanOrEqual(1e-5 * largest))
}
type Fn = (y: tf.Tensor4D) => tf.Tensor
/** A scalar that depends on every value of a result. */
const weighed =
  (fn: Fn) =>
  (y: tf.Tensor4D): tf.Scalar => {
    const result = fn(y)
    return h.sum(h.mul(result, h.tensor(h.normal(h.keyFrom(9), result.size), result.shape)))
  }
const theirs = (fn: (y: tf.Tensor4D) => tf.Scalar, at: tf.Tensor4D) => tf.grad(fn as (y: tf.Tensor) => tf.Tensor)(at)
const positive = (y: tf.Tensor) => h.add(h.square(y), 1)

describe('tf.grad of ops of core', () => {
  it.each<[string, Fn]>([
    ['neg', h.neg],
    ['exp', h.exp],
    ['log', (y) => h.log(positive(y))],
    ['sqrt', (y) => h.sqrt(positive(y))],
    ['reciprocal', (y) => h.reciprocal(positive(y))],
    ['abs', h.abs],
    ['sign', (y) => h.mul(y, h.sign(y))],
    ['floor', (y) => h.mul(y, h.floor(y))],
    ['relu', h.relu],
    ['sigmoid', h.sigmoid],
    ['tanh', h.tanh],
    ['square', h.square],
    ['add', (y) => h.add(y, pair)],
    ['sub', (y) => h.sub(pair, y)],
    ['mul', (y) => h.mul(y, pair)],
    ['div', (y) => h.div(y, positive(y))],
    ['maximum', (y) => h.maximum(y, 0.1)],
    ['minimum', (y) => h.minimum(y, 0.1)],
    ['select by a constant mask', (y) => h.where(h.tensor([1, 0], [2]), y, 0)],
    ['cast', (y) => h.mul(y, h.cast(h.cast(y, 'int32'), 'float32'))],
    ['stopGradient', (y) => h.mul(y, h.stopGradient(y))],
    ['reshape', (y) => h.square(square8(y))],
    ['transpose', (y) => h.transpose(y, [3, 1, 0, 2])],
    ['broadcastTo', (y) => h.broadcastTo(h.sum(y, [0, 1], true), [3, 2, 4, 2])],
    ['sum', (y) => h.sum(y, [1, 2])],
    ['mean', (y) => h.mean(y, 1)],
    ['max', (y) => h.max(y, [1, 2])],
    ['slice', (y) => h.slice(y, [0, 1, 0, 0], [2, 2, 4, 2])],
    ['pad', (y) => h.pad(y, [0, 1, 0, 0], [0, 0, 1, 0])],
    ['concat', (y) => h.concat([y, h.square(y)], 3)],
    ['stack', (y) => h.stack([y, y])],
    ['gather', (y) => h.gather(y, rows)],
    ['matMul', (y) => h.matMul(square8(y), square8(y), { a: true })],
    ['conv2d', (y) => h.conv2d(y, kernel, { stride: 2, pad: [0, 0, 1, 1] })],
    [
      'conv2d in the kernel',
      (y) => h.conv2d(other, h.slice(h.reshape(h.concat([y, y], 0), [4, 4, 4, 2]), [0, 0, 0, 0], [3, 3, 2, 2])),
    ],
    ['conv2dTranspose', (y) => h.conv2dTranspose(y, kernel)],
    ['avgPool', (y) => h.avgPool(y, 3, 1)],
    ['instanceNorm', (y) => h.instanceNorm(y, pair, pair)],
    ['groupNorm', (y) => h.groupNorm(y, pair, pair, 1)],
    ['batchNorm', (y) => h.batchNorm(y, h.batchMoments(y), pair, pair)],
    ['leakyRelu', (y) => h.leakyRelu(y)],
    ['swish', h.swish],
    ['softplus', h.softplus],
    ['softmax', h.softmax],
    ['logSoftmax', h.logSoftmax],
  ])('%s is that of grad', (_, fn) => {
    near(theirs(weighed(fn), x), h.grad(weighed(fn), x))
  })

  it.each<[string, string, Fn]>([
    ['step', 'Greater', h.step],
    ['greater', 'Greater', (y) => h.mul(y, h.greater(y, 0))],
    ['equal', 'Equal', (y) => h.mul(y, h.equal(y, 0))],
    ['select by a mask of its own', 'Greater', (y) => h.where(h.greater(y, 0), y, 0)],
    ['maxPool', 'Greater', (y) => h.maxPool(y, 2)],
    ['scatterAdd', 'ScatterNd', (y) => h.scatterAdd(h.gather(y, rows), rows, 2)],
    ['broadcastTo of rank 5', 'tile', (y) => h.broadcastTo(h.reshape(y, [1, ...shape]), [3, ...shape])],
    ['the gradient of a relu', 'Greater', (y) => h.grad((z: tf.Tensor4D): tf.Scalar => h.sum(h.square(h.relu(z))), y)],
    [
      'the gradient of a pooling',
      'AvgPoolGrad',
      (y) => h.grad((z: tf.Tensor4D): tf.Scalar => h.sum(h.square(h.avgPool(z, 2))), y),
    ],
    [
      'the gradient in a kernel',
      'Conv2DBackpropFilter',
      (y) => h.grad((k: tf.Tensor4D): tf.Scalar => h.sum(h.tanh(h.conv2d(y, k))), kernel),
    ],
  ])('%s is refused by tfjs, naming %s', (_, name, fn) => {
    expect(() => theirs(weighed(fn), x)).toThrow(name)
    h.grad(weighed(fn), x)
  })

  it('goes through a captured tensor that is what is differentiated, which grad holds constant', () => {
    const captured = (y: tf.Tensor4D): tf.Scalar => h.sum(h.mul(y, x))
    expect(values(h.grad(captured, x))).toEqual(values(x))
    expect(values(theirs(captured, x))).toEqual(values(h.mul(x, 2)))
  })

  it('goes through a gradient of core, where its kernels have gradients', () => {
    const inner: Fn = (y) => h.grad((z: tf.Tensor4D): tf.Scalar => h.sum(h.tanh(h.conv2d(z, kernel, { pad: 1 }))), y)
    near(theirs(weighed(inner), x), h.grad(weighed(inner), x))
  })

  it('refuses a compiled function, whose result is a promise', async () => {
    const engine = onnxEngine()
    const compiled = engine.compile('loss', (y: tf.Tensor4D): tf.Scalar => h.sum(h.square(y)))
    expect(() => tf.grad(compiled as never)(x)).toThrow(/result y returned by f\(\) must be a tensor|Promise/)
  })
})

describe('tf.variableGrads and optimizers', () => {
  it('minimize a loss of core', () => {
    const w = tf.variable(tf.tensor1d([1, 2, 3]))
    const loss = (): tf.Scalar => h.sum(h.square(w))
    expect(values(tf.variableGrads(loss).grads[w.name]!)).toEqual([2, 4, 6])
    tf.train.sgd(0.25).minimize(loss)
    expect(values(w)).toEqual([0.5, 1, 1.5])
  })

  it('are not needed: grad takes variables, and leaves them as they are', () => {
    const w = tf.variable(tf.tensor1d([1, 2, 3]))
    const gradient = h.grad((p: { w: tf.Tensor }): tf.Scalar => h.sum(h.square(p.w)), { w })
    expect(values(gradient.w)).toEqual([2, 4, 6])
    expect(values(w)).toEqual([1, 2, 3])
    // Only what is passed is differentiated; a variable that a function captures is a constant.
    expect(values(h.grad((y: tf.Tensor): tf.Scalar => h.sum(h.mul(y, w)), pairOf(3)))).toEqual([1, 2, 3])
  })
})
const pairOf = (length: number) => h.tensor(new Float32Array(length), [length])

describe('tf.tidy', () => {
  it('around grad keeps the gradient, a tree of any form, and frees the rest', () => {
    const before = tf.memory().numTensors
    const gradient = tf.tidy(() =>
      h.grad((p: { a: tf.Tensor[] }): tf.Scalar => h.sum(h.exp(h.mul(p.a[0]!, p.a[1]!))), { a: [pair, pair] }),
    )
    expect(tf.memory().numTensors - before).toBe(2)
    expect(values(gradient.a[0]!).map((v) => v.toFixed(4))).toEqual(
      [0.5 * Math.exp(0.25), 2 * Math.exp(4)].map((v) => v.toFixed(4)),
    )
    tf.dispose(gradient as unknown as tf.TensorContainer)
  })

  it('inside a function is refused where the derivative needs what it freed', async () => {
    const freed = (y: tf.Tensor): tf.Scalar => tf.tidy((): tf.Scalar => h.sum(h.square(h.exp(y))))
    const message =
      /: expected tensors that are not disposed, got a disposed one. A derivative needs .*put tf.tidy around `grad`/
    expect(() => h.grad(freed, pair)).toThrow(message)
    const engine = onnxEngine()
    await expect((async () => engine.compile('freed', (y: tf.Tensor) => h.grad(freed, y))(pair))()).rejects.toThrow(
      message,
    )
  })

  it('refuses a promise, such as a compiled function gives', () => {
    const engine = onnxEngine()
    const compiled = engine.compile('square', (y: tf.Tensor) => h.square(y))
    const errors: unknown[] = []
    const { error } = console
    console.error = (text: unknown) => errors.push(text)
    tf.tidy(() => compiled(pair) as never)
    console.error = error
    expect(errors).toEqual(['Cannot return a Promise inside of tidy.'])
  })
})

describe('tf.setBackend', () => {
  it.each(['cpu', 'wasm'])('chooses %s for ops without an engine, and moves tensors there', async (backend) => {
    const made = tf.tensor1d([1, 2])
    await tf.setBackend(backend)
    expect(values(h.grad((y: tf.Tensor): tf.Scalar => h.sum(h.mul(h.square(y), made)), pair))).toEqual([1, 8])
  })

  it('is no matter to engines, nor changed by them', async () => {
    const engines = [await h.directEngine({ backend: 'wasm' }), onnxEngine()]
    for (const engine of engines) {
      const doubled = engine.compile('doubled', (y: tf.Tensor) => h.add(y, y))
      expect(values(await doubled(tf.tensor1d([1, 2])))).toEqual([2, 4])
      expect(tf.getBackend()).toBe('cpu')
    }
  })
})

describe('ops of tfjs', () => {
  const plain = (y: tf.Tensor4D): tf.Scalar => h.sum(h.mul(y, tf.square(y)))
  it('are refused in grad', () => {
    expect(() => h.grad(plain, x)).toThrow(/got the tfjs kernel Square/)
  })

  it('are refused in an engine that traces, and run in the direct engine where nothing is differentiated', async () => {
    await expect((async () => onnxEngine().compile('plain', plain)(x))()).rejects.toThrow(/got the tfjs kernel Square/)
    const direct = await h.directEngine({ backend: 'cpu' })
    const cubes = values(x).reduce((total, v) => total + v ** 3, 0)
    expect(values(await direct.compile('plain', plain)(x))[0]).toBeCloseTo(cubes, 3)
    await expect(direct.compile('gradient', (y: tf.Tensor4D) => h.grad(plain, y))(x)).rejects.toThrow(/kernel Square/)
  })

  it('are refused with a gradient of their own, too', () => {
    const cube = tf.customGrad((y) => ({ value: tf.pow(y as tf.Tensor, 3), gradFunc: (dy: tf.Tensor) => dy }))
    expect(() => h.grad((y: tf.Tensor4D): tf.Scalar => h.sum(cube(y)), x)).toThrow(/got the tfjs kernel Pow/)
  })

  it('may work on constants and on what is stopped', () => {
    const fn = (y: tf.Tensor4D): tf.Scalar => h.sum(h.mul(y, h.stopGradient(tf.square(y))))
    expect(values(h.grad(fn, x))).toEqual(values(tf.square(x)))
    expect(values(h.grad((y: tf.Tensor4D): tf.Scalar => h.sum(h.mul(y, tf.square(x))), x))).toEqual(
      values(tf.square(x)),
    )
  })
})
