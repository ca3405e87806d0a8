import '@tensorflow/tfjs-backend-cpu'
import * as tf from '@tensorflow/tfjs-core'
import { referenceEngine } from '@haba/testing'
import { beforeAll, describe, expect, it } from 'vitest'
import { directEngine } from '../compile/direct-engine.js'
import { stopGradient } from '../ops/apply.js'
import { add, cast, mul, square } from '../ops/elementwise.js'
import { gather, sum } from '../ops/layout.js'
import type { Engine } from '../spec/engine.js'
import { tensor } from '../tree/host.js'
import { grad } from './grad.js'

beforeAll(async () => {
  await tf.setBackend('cpu')
})

const row = () => tensor([1, 2, 3], [3])
const values = (x: tf.Tensor) => [...x.dataSync()]
type Loss = (y: tf.Tensor1D) => tf.Scalar

/** Without the watch each has a wrong gradient silently: zeros, or a part of the right one. */
const losses: readonly (readonly [string, string, Loss])[] = [
  ['all of a loss', 'Square', (y) => tf.square(sum(y))],
  ['a factor', 'Square', (y) => sum(mul(y, tf.square(y)))],
  ['what stands between ops of core', 'Multiply', (y) => sum(square(tf.mul(square(y), 2)))],
  ['a change of shape', 'Reshape', (y) => sum(square(tf.reshape(y, [3, 1])))],
  ['a copy', 'Identity', (y) => sum(square(y.clone()))],
  ['several operands', 'Concat', (y) => sum(square(tf.concat([y, tf.tensor1d([1])])))],
  ['several results', 'SplitV', (y) => sum(square(tf.split(y, 3)[0]!))],
  ['a gradient of its own', 'Elu', (y) => sum(tf.elu(y))],
]

describe.each(losses)('a tfjs op as %s', (_, kernel, loss) => {
  const name = new RegExp(
    `expected only ops of @haba/core, got the tfjs kernel ${kernel}, which has no derivative here`,
  )

  it('is refused by name in grad, without an engine', () => {
    expect(() => grad(loss, row())).toThrow(name)
  })

  it('is refused by name in the second derivative', () => {
    expect(() => grad((x: tf.Tensor1D) => sum(grad(loss, x)), row())).toThrow(name)
    const second = (y: tf.Tensor1D) =>
      sum(
        mul(
          grad((z: tf.Tensor1D) => sum(mul(z, square(z))), y),
          tf.square(y),
        ),
      )
    expect(() => grad(second as Loss, row())).toThrow(/the tfjs kernel Square/)
  })

  it.each<[string, () => Engine | Promise<Engine>]>([
    ['the direct engine', () => directEngine({ backend: 'cpu' })],
    ['an engine that traces', referenceEngine],
  ])('is refused by name in %s', async (_name, make) => {
    const engine = await make()
    await expect((async () => engine.compile('gradient', (x: tf.Tensor1D) => grad(loss, x))(row()))()).rejects.toThrow(
      name,
    )
  })
})

describe('a tfjs op that no derivative needs', () => {
  it('may work on constants', () => {
    const weights = row()
    expect(values(grad((y: tf.Tensor1D) => sum(mul(y, tf.square(weights))), row()))).toEqual([1, 4, 9])
  })

  it('may work on what is stopped', () => {
    expect(values(grad((y: tf.Tensor1D) => sum(mul(y, stopGradient(tf.square(y)))), row()))).toEqual([1, 4, 9])
  })

  it('may choose, as argMax does', () => {
    const largest = (y: tf.Tensor1D) => sum(gather(y, tf.reshape(tf.argMax(y), [1]))) as tf.Scalar
    expect(values(grad(largest, row()))).toEqual([0, 0, 1])
    expect(values(grad((y: tf.Tensor1D) => sum(mul(y, cast(tf.argMax(y), 'float32'))), row()))).toEqual([2, 2, 2])
  })

  it('may run outside of derivatives, before and after one that was refused', () => {
    const runKernel = tf.engine().runKernel
    expect(() => grad(losses[0]![2], row())).toThrow()
    expect(tf.engine().runKernel).toBe(runKernel)
    expect(values(add(tf.square(row()), 1))).toEqual([2, 5, 10])
  })
})
