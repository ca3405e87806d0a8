import { referenceEngine, tinyNetwork, toyData } from '@haba/testing'
import type { Scalar } from '@tensorflow/tfjs-core'
import { describe, expect, it } from 'vitest'
import { grad } from '../autodiff/grad.js'
import { trace } from '../compile/trace.js'
import { crossEntropy } from '../losses/cross-entropy.js'
import { foldIn, keyFrom } from '../random/key.js'
import { realBatch } from '../real-batch.js'
import type { Batch } from '../spec/batch.js'
import type { Network } from '../spec/network.js'
import type { Tree } from '../spec/tree.js'
import { scalar } from '../tree/host.js'
import { tensorLeaves } from '../tree/tree.js'
import { student, studentStep } from './student.js'
import { trainer } from './trainer.js'

const key = keyFrom(4)
const network = tinyNetwork() as Network
const real = toyData()
const engine = referenceEngine()
const { weights } = network.init(key)
const numbers = (tree: Tree) => tensorLeaves(tree).flatMap((leaf) => [...leaf.dataSync()])
const near = (got: Tree, wanted: readonly number[]) => {
  expect(numbers(got).length).toBe(wanted.length)
  numbers(got).forEach((v, i) => expect(v).toBeCloseTo(wanted[i]!, 5))
}
const batches = await Promise.all([0, 1, 2].map((i) => realBatch(real, Int32Array.of(i, i + 5, i + 9))))
const stepped = (momentum: number) => {
  const { start, step } = student(network, momentum)
  const begin = engine.compile('begin', start)
  const take = engine.compile(`step ${momentum}`, (carry: Tree, batch: Batch, rate: Scalar) => step(carry, batch, rate))
  return async (rates: readonly number[]) => {
    let carry = await begin(weights)
    for (const [i, rate] of rates.entries()) carry = await take(carry, batches[i]!, scalar(rate))
    return carry
  }
}

describe('student', () => {
  it('takes a step down the gradient', async () => {
    const slope = await engine.compile('slope', (w: Tree, { images, targets }: Batch) =>
      grad((at: Tree) => crossEntropy(network.apply(at, images, { kind: 'train', state: {} }).logits, targets), w),
    )(weights, batches[0]!)
    const by = numbers(slope)
    const wanted = numbers(weights).map((w, i) => w - 0.3 * by[i]!)
    near(
      await engine.compile('step', (w: Tree, b: Batch, rate: Scalar) => studentStep(network, w, b, rate))(
        weights,
        batches[0]!,
        scalar(0.3),
      ),
      wanted,
    )
    near(await stepped(0)([0.3]), wanted)
  })

  it('is trained as a network is by SGD with momentum, at rates that change', async () => {
    const rates = [0.3, 0.1, 0.2]
    const fit = trainer({ engine, network, momentum: 0.9 })
    let training = fit.start(key)
    for (const [i, rate] of rates.entries())
      training = (await fit.step(training, batches[i]!, rate, foldIn(key, i))).next
    const carry = await stepped(0.9)(rates)
    near(student(network, 0.9).weights(carry), numbers(training.weights))
    near((carry as { readonly velocity: Tree }).velocity, numbers(training.velocity))
  })

  it('without momentum carries weights alone, through the very program of studentStep', () => {
    expect(student(network).start(weights)).toBe(weights)
    const graphOf = (step: (w: Tree, batch: Batch, rate: Scalar) => Tree) =>
      trace(step, [weights, batches[0]!, scalar(0.3)]).graph
    expect(graphOf((w, batch, rate) => student(network, 0).step(w, batch, rate))).toEqual(
      graphOf((w, batch, rate) => studentStep(network, w, batch, rate)),
    )
  })

  it.each([-0.1, 1, NaN])('refuses a momentum of %d', (momentum) =>
    expect(() => student(network, momentum)).toThrow(`student: expected a momentum in [0, 1), got ${momentum}.`),
  )
})
