import '@tensorflow/tfjs-backend-cpu'
import { setBackend } from '@tensorflow/tfjs-core'
import { beforeAll, describe, expect, it } from 'vitest'
import { scalar, tensor } from '../tree/host.js'
import { tensorLeaves } from '../tree/tree.js'
import { clipByGlobalNorm } from './clip.js'
import { partition, sgd } from './sgd.js'

beforeAll(async () => {
  await setBackend('cpu')
})

describe('clipByGlobalNorm', () => {
  const plain = partition({ a: sgd({ learningRate: 1 }), b: sgd({ learningRate: 10 }) })
  const params = { a: tensor([0, 0], [2]), b: scalar(0) }
  const moved = (largest: number, a: readonly number[], b: number) => {
    const optimizer = clipByGlobalNorm(largest, plain)
    const { updates } = optimizer.update({ a: tensor(a, [2]), b: scalar(b) }, optimizer.init(params), params)
    return tensorLeaves(updates).flatMap((leaf) => [...leaf.dataSync()])
  }
  const near = (got: readonly number[], wanted: readonly number[]) =>
    got.forEach((v, i) => expect(v).toBeCloseTo(wanted[i]!, 6))

  it('scales all parts by one factor, down to the norm', () =>
    // ‖(3, 0, 4)‖ = 5: scaled by 2/5, before the learning rate of each part.
    near(moved(2, [3, 0], 4), [-1.2, 0, -16]))

  it('leaves shorter gradients, and those of zeros, as they are', () => {
    near(moved(5, [3, 0], 4), [-3, 0, -40])
    near(moved(100, [3, 0], 4), [-3, 0, -40])
    near(moved(2, [0, 0], 0), [0, 0, 0])
  })

  it('clips before momentum, as PyTorch does', () => {
    const optimizer = clipByGlobalNorm(2, sgd({ learningRate: 1, momentum: 0.5 }))
    const one = optimizer.update({ p: scalar(8) }, optimizer.init({ p: scalar(0) }), { p: scalar(0) })
    const two = optimizer.update({ p: scalar(8) }, one.state, { p: scalar(0) })
    near([one.updates.p.dataSync()[0]!, two.updates.p.dataSync()[0]!], [-2, -3])
  })

  it.each([0, -1, NaN, Infinity])('refuses a norm of %d', (largest) =>
    expect(() => clipByGlobalNorm(largest, plain)).toThrow(
      `clipByGlobalNorm: expected a norm above 0, got ${largest}.`,
    ),
  )
})
