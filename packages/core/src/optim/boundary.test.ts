import { expectGradient, referenceEngine } from '@haba/testing'
import type { Scalar, Tensor } from '@tensorflow/tfjs-core'
import { describe, expect, it } from 'vitest'
import { log, mul, square, sub } from '../ops/elementwise.js'
import { mean } from '../ops/reduce.js'
import { zerosLike } from '../ops/sources.js'
import { tensor } from '../tree/host.js'
import { boundary } from './boundary.js'
import { sgd } from './sgd.js'

/** The update for a gradient of zeros. */
const added = (p: Tensor, weight: number) =>
  referenceEngine().compile('added', (at: Tensor) => {
    const optimizer = boundary(weight, sgd({ learningRate: 1 }))
    return mul(optimizer.update(zerosLike(at), { velocity: {} }, at).updates, -1) as Tensor
  })(p)

describe('boundary', () => {
  it('adds the gradient of its loss', async () => {
    const at = tensor([0, 0.5, -0.8, 0.9], [2, 2])
    const loss = (p: Tensor) => mul(mean(log(sub(1, square(p)))), -0.1) as Scalar
    expectGradient({ fn: loss, at, gradient: await added(at, 0.1) })
  })

  it('pulls inwards from beyond the bounds, and stays finite there', async () => {
    const [one, below] = (await added(tensor([1, -1.5], [2]), 0.1)).dataSync()
    expect(one).toBeCloseTo(100, 3)
    expect(below).toBeCloseTo(-150, 3)
  })

  it('refuses a weight below 0', () =>
    expect(() => boundary(-1, sgd({ learningRate: 1 }))).toThrow('boundary: expected a weight of at least 0, got -1.'))
})
