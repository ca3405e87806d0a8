import '@tensorflow/tfjs-backend-cpu'
import { setBackend, type Scalar, type Tensor, type Tensor1D } from '@tensorflow/tfjs-core'
import { expectGradient, referenceEngine } from '@haba/testing'
import { beforeAll, describe, expect, it } from 'vitest'
import { stopGradient } from '../ops/apply.js'
import { add, cast, exp, mul, sqrt, square, tanh } from '../ops/elementwise.js'
import { gather, reshape, sum } from '../ops/layout.js'
import { avgPool, conv2d, matMul } from '../ops/linear.js'
import { max } from '../ops/reduce.js'
import { keyFrom, normal } from '../random/key.js'
import { scalar, tensor } from '../tree/host.js'
import { tensorLeaves } from '../tree/tree.js'
import { grad, valueAndGrad, vjp } from './grad.js'
import { innerProduct } from './inner.js'

beforeAll(async () => {
  await setBackend('cpu')
})

const numbers = (...tensors: readonly Tensor[]) => tensors.flatMap((t) => [...t.dataSync()])
const row = (...values: readonly number[]) => tensor(values, [values.length])
const product = (...factors: readonly Tensor[]) => factors.reduce((a, b) => mul(a, b)) as Scalar

describe('grad', () => {
  it('nests: x⁴ and its four derivatives', () => {
    const derivative = (fn: (x: Scalar) => Scalar) => (x: Scalar) => grad(fn, x)
    const f0 = (x: Scalar) => product(x, x, x, x)
    const f1 = derivative(f0)
    const f2 = derivative(f1)
    const f3 = derivative(f2)
    const f4 = derivative(f3)
    const two = scalar(2)
    expect(numbers(f0(two), f1(two), f2(two), f3(two), f4(two))).toEqual([16, 32, 48, 48, 24])
  })

  it('nests through ops that remember their results', () => {
    // d³/dx³ exp(√x) = e^√x · (x - 3√x + 3) / (8 x^(5/2)), at 4: e² / 256.
    const f = (x: Scalar): Scalar => exp(sqrt(x))
    const third = grad((x: Scalar) => grad((y: Scalar) => grad(f, y), x), scalar(4))
    expect(numbers(third)[0]).toBeCloseTo(Math.exp(2) / 256, 7)
  })

  it('shares the gradient of a maximum among equals', () => {
    expect(numbers(grad((x: Tensor1D) => max(x), row(2, 1, 2, 0)))).toEqual([0.5, 0, 0.5, 0])
  })

  it('has the third derivative of finite differences through convolution, pooling and products', async () => {
    const at = {
      x: tensor(normal(keyFrom(1), 32), [1, 4, 4, 2]),
      kernel: tensor(normal(keyFrom(2), 36), [3, 3, 2, 2]),
      dense: tensor(normal(keyFrom(3), 6), [2, 3]),
    }
    type Point = typeof at
    const f = ({ x, kernel, dense }: Point): Scalar =>
      sum(square(tanh(matMul(reshape(avgPool(conv2d(x, kernel, { pad: 1 }), 4), [1, 2]), dense))))
    const along = (fn: (p: Point) => Scalar) => (p: Point) => innerProduct(grad(fn, p), at)
    const second = along(along(f))
    const third = referenceEngine().compile('third', (p: Point) => grad(second, p))
    expectGradient<Point>({ fn: second, at, gradient: await third(at), tolerance: 1e-4 })
  })

  it('keeps inner and outer variables apart', () => {
    // d/dx [x · d/dy (x · y)] = 2x, and d/dx [d/dy (y² · x) at y = x] = 4x.
    expect(
      numbers(
        grad(
          (x: Scalar) =>
            product(
              x,
              grad((y: Scalar) => product(x, y), scalar(7)),
            ),
          scalar(3),
        ),
      ),
    ).toEqual([6])
    expect(numbers(grad((x: Scalar) => grad((y: Scalar) => product(y, y, x), x), scalar(3)))).toEqual([12])
  })

  it('holds what a function captures constant, even if it is what is differentiated', () => {
    const x = scalar(3)
    const doubled = mul(x, 2)
    expect(numbers(grad((y: Scalar) => product(y, doubled, x), x))).toEqual([18])
  })

  it('holds constant what is stopped, in every derivative', () => {
    expect(numbers(grad((x: Scalar) => product(x, stopGradient(x)), scalar(3)))).toEqual([3])
    const second = grad((x: Scalar) => grad((y: Scalar) => product(y, y, stopGradient(y)), x), scalar(3))
    // The inner derivative is 2y·stop(y); the outer one is 2·stop(y).
    expect(numbers(second)).toEqual([6])
  })

  it('gives zeros of the right shape where there is no path', () => {
    const gradient = grad((p: { x: Scalar; unused: Tensor }) => square(p.x), { x: scalar(2), unused: row(1, 2) })
    expect(numbers(...tensorLeaves(gradient))).toEqual([0, 0, 4])
    expect(gradient.unused.shape).toEqual([2])
  })

  it('passes int32 by: indices take no gradient, and nothing flows through a cast', () => {
    const indices = tensor(Int32Array.of(2, 0, 2), [3])
    const at = { x: row(1, 2, 3), indices }
    const gradient = grad((p: { x: Tensor1D; indices: Tensor1D }) => sum(square(gather(p.x, p.indices))), at)
    expect(numbers(gradient.x, gradient.indices)).toEqual([2, 0, 12, 0, 0, 0])
    expect(numbers(grad((x: Tensor1D) => sum(cast(cast(x, 'int32'), 'float32')), row(1.5)))).toEqual([0])
  })

  it('tells two uses of one tensor apart', () => {
    const x = scalar(3)
    const gradient = grad((p: readonly [Scalar, Scalar]) => product(p[0], p[0], p[1]), [x, x] as const)
    expect(numbers(...gradient)).toEqual([18, 9])
  })

  it('gives the value, too, and refuses one that is not a scalar', () => {
    const { value, grad: slope } = valueAndGrad((x: Scalar) => square(x), scalar(3))
    expect(numbers(value, slope)).toEqual([9, 6])
    expect(() => valueAndGrad((x: Tensor1D) => x as Tensor as Scalar, row(1, 2))).toThrow(
      'valueAndGrad: expected a function with a scalar result, got shape [2]. Sum or average it.',
    )
  })
})

describe('vjp', () => {
  it('pulls back a tree of cotangents, as often as wanted', () => {
    const { value, pull } = vjp((x: Tensor1D) => ({ a: mul(x, 2), b: [sum(square(x))] }), row(1, 3))
    expect(numbers(value.a, value.b[0]!)).toEqual([2, 6, 10])
    expect(numbers(pull({ a: row(1, 0), b: [scalar(0)] }))).toEqual([2, 0])
    expect(numbers(pull({ a: row(1, 1), b: [scalar(10)] }))).toEqual([22, 62])
  })

  it('adds up results that are the same tensor, and takes parameters that come back as they are', () => {
    const { pull } = vjp((x: Tensor1D) => {
      const y = mul(x, 3)
      return [y, y, x, row(5)] as const
    }, row(1))
    expect(numbers(pull([row(1), row(10), row(100), row(1000)]))).toEqual([133])
  })

  it('is differentiable in the cotangent', () => {
    const slope = grad((ct: Scalar) => vjp((x: Scalar) => square(x), scalar(3)).pull(ct), scalar(1))
    expect(numbers(slope)).toEqual([6])
  })
})

it('adds up products over whole trees', () => {
  const a = { x: row(1, 2), y: [scalar(3)] }
  expect(numbers(innerProduct(a, { x: row(10, 20), y: [scalar(100)] }))).toEqual([350])
  expect(numbers(innerProduct({}, {}))).toEqual([0])
  expect(numbers(add(innerProduct(a, a), 0))).toEqual([14])
})
