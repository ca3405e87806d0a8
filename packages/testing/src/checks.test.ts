import type { Scalar, Tensor } from '@tensorflow/tfjs-core'
import { add, exp, grad, mul, relu, scalar, square, stopGradient, sum, tensor } from '@haba/core'
import { describe, expect, it } from 'vitest'
import { directionalDerivative } from './directional-derivative.js'
import { expectGradient } from './expect-gradient.js'
import { leakCheck } from './leak-check.js'
import { referenceEngine } from './reference-engine.js'

type Point = { readonly x: Tensor; readonly rate: Scalar }
const at: Point = { x: tensor([0.5, -1, 2], [3]), rate: scalar(0.01) }
const fn = ({ x, rate }: Point): Scalar => sum(mul(exp(x), add(rate, square(rate))))
const gradient = referenceEngine().compile('gradient', (p: Point) => grad(fn, p))
const scaled = (t: Tensor, by: number) =>
  tensor(
    t.dataSync<'float32'>().map((v) => v * by),
    t.shape,
  )

describe('directionalDerivative', () => {
  it('is exact to many digits', () => {
    const direction: Point = { x: tensor([1, 0, 2], [3]), rate: scalar(3) }
    const wanted =
      (Math.exp(0.5) + 2 * Math.exp(2)) * (0.01 + 0.0001) + 3 * 1.02 * (Math.exp(0.5) + Math.exp(-1) + Math.exp(2))
    expect(directionalDerivative({ fn, at, direction }) / wanted).toBeCloseTo(1, 6)
  })

  it('does not stumble over kinks nearby', () => {
    const kinked = (x: Tensor): Scalar => sum(relu(x))
    const x = tensor([1e-3, -1e-3], [2])
    expect(directionalDerivative({ fn: kinked, at: x, direction: tensor([1, 1], [2]) })).toBeCloseTo(1, 6)
  })
})

describe('expectGradient', () => {
  it('lets the right gradient pass', async () => {
    expectGradient({ fn, at, gradient: await gradient(at), tolerance: 1e-5 })
  })

  it('stops a gradient that is 1 % off, in any one part', async () => {
    const right = await gradient(at)
    const wrong = { ...right, x: scaled(right.x, 1.01) }
    const elsewhere = { ...right, rate: scaled(right.rate, 0.99) as Scalar }
    expect(() => expectGradient({ fn, at, gradient: wrong })).toThrow('finite differences')
    expect(() => expectGradient({ fn, at, gradient: elsewhere })).toThrow('finite differences')
  })

  it('stops a gradient of another shape, or one that was held constant', async () => {
    const right = await gradient(at)
    expect(() => expectGradient({ fn, at, gradient: { ...right, x: scalar(1) } })).toThrow('shapes of the gradient')
    const stopped = (p: Point) => fn({ ...p, x: stopGradient(p.x) })
    const lost = await referenceEngine().compile('lost', (p: Point) => grad(stopped, p))(at)
    expect(() => expectGradient({ fn, at, gradient: lost })).toThrow('finite differences')
  })
})

describe('leakCheck', () => {
  it('counts what is left', async () => {
    await leakCheck(() => scalar(1).dispose())
    await expect(leakCheck(() => void scalar(1))).rejects.toThrow('tensors that outlived their owner')
  })
})
