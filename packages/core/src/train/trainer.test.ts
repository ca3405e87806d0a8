import { leakCheck, referenceEngine, tinyNetwork, toyData } from '@haba/testing'
import type { Scalar } from '@tensorflow/tfjs-core'
import { describe, expect, it } from 'vitest'
import { grad } from '../autodiff/grad.js'
import { crossEntropy } from '../losses/cross-entropy.js'
import { add, mul } from '../ops/elementwise.js'
import { foldIn, keyFrom } from '../random/key.js'
import type { Augmentation, Mixing } from '../spec/augmentation.js'
import type { Batch } from '../spec/batch.js'
import type { Network } from '../spec/network.js'
import type { Tree } from '../spec/tree.js'
import { scalar, tensor } from '../tree/host.js'
import { disposeTree, mapTree, tensorLeaves } from '../tree/tree.js'
import { trainer } from './trainer.js'

const key = keyFrom(4)
const network = tinyNetwork() as Network
const real = toyData()
const engine = referenceEngine()
const batchOf = async (...indices: readonly number[]): Promise<Batch> => ({
  images: await real.images(Int32Array.from(indices)),
  targets: tensor(
    indices.flatMap((i) => [0, 1, 2].map((c) => +(real.labels[i] === c))),
    [indices.length, 3],
  ),
})
const numbers = (tree: Tree) => tensorLeaves(tree).flatMap((leaf) => [...leaf.dataSync()])
const near = (got: readonly number[], wanted: readonly number[]) => {
  expect(got.length).toBe(wanted.length)
  got.forEach((v, i) => expect(v).toBeCloseTo(wanted[i]!, 5))
}
const slopeOf = (weights: Tree, { images, targets }: Batch) =>
  engine.compile('slope', (w: Tree, b: Batch) =>
    grad((at: Tree) => crossEntropy(network.apply(at, b.images, { kind: 'train', state: {} }).logits, b.targets), w),
  )(weights, { images, targets })

describe('trainer', () => {
  it('steps by momentum and weight decay, and forgets its velocity on restart', async () => {
    const fit = trainer({ engine, network, momentum: 0.9, weightDecay: 0.1 })
    const batch = await batchOf(0, 1, 2)
    const start = fit.start(key)
    const one = await fit.step(start, batch, 0.5, key)
    const two = await fit.step(one.next, batch, 0.25, key)
    const again = await fit.step(fit.restart(one.next), batch, 0.25, key)

    const decayed = (w: Tree, g: Tree) => numbers(g).map((v, i) => v + 0.1 * numbers(w)[i]!)
    const v1 = decayed(start.weights, await slopeOf(start.weights, batch))
    near(
      numbers(one.next.weights),
      numbers(start.weights).map((w, i) => w - 0.5 * v1[i]!),
    )
    const g2 = decayed(one.next.weights, await slopeOf(one.next.weights, batch))
    near(
      numbers(two.next.weights),
      numbers(one.next.weights).map((w, i) => w - 0.25 * (0.9 * v1[i]! + g2[i]!)),
    )
    near(
      numbers(again.next.weights),
      numbers(one.next.weights).map((w, i) => w - 0.25 * g2[i]!),
    )
  })

  it('learns what can be learned', async () => {
    const fit = trainer({ engine, network, momentum: 0.9 })
    const batch = await batchOf(...real.labels.keys())
    let training = fit.start(key)
    const before = await fit.test(training, real)
    for (let i = 0; i < 12; i++) training = (await fit.step(training, batch, 0.2, foldIn(key, i))).next
    const after = await fit.test(training, real)
    expect(after.accuracy).toBe(1)
    expect(after.loss).toBeLessThan(before.loss / 2)
  })

  it('counts nothing as right once training has diverged', async () => {
    const fit = trainer({ engine, network })
    const start = fit.start(key)
    const broken = mapTree((x) => tensor(new Float32Array(x.size).fill(NaN), x.shape), start.weights)
    expect(await fit.test({ ...start, weights: broken }, real)).toEqual({ accuracy: 0, loss: NaN })
  })

  it('tests in batches of any size alike, with the loss that training tells', async () => {
    const fit = trainer({ engine, network })
    const training = fit.start(key)
    const whole = await fit.test(training, real)
    const parts = await fit.test(training, real, 5)
    expect(parts.accuracy).toBe(whole.accuracy)
    expect(parts.loss).toBeCloseTo(whole.loss, 5)
    const { loss } = await fit.step(training, await batchOf(...real.labels.keys()), 0, key)
    expect(whole.loss).toBeCloseTo(loss, 5)
  })

  it('transforms, then augments in training, and only transforms in tests', async () => {
    const shift: Augmentation<{ readonly by: Scalar }> = {
      name: 'shift',
      draw: (_, rows) => ({ by: scalar(rows) }),
      apply: (images, { by }) => add(images, by),
    }
    const seen = trainer({
      engine,
      network,
      transform: (images) => mul(images, 2),
      augmentation: shift as Augmentation,
    })
    const plain = trainer({ engine, network })
    const batch = await batchOf(3, 4)
    const changed = { ...batch, images: await engine.compile('change', (x: Batch) => add(mul(x.images, 2), 2))(batch) }
    const one = await seen.step(seen.start(key), batch, 0.1, key)
    const other = await plain.step(plain.start(key), changed, 0.1, key)
    near(numbers(one.next.weights), numbers(other.next.weights))
    const doubled = {
      ...real,
      images: async (i: Int32Array) =>
        engine.compile('double', (x: Batch['images']) => mul(x, 2))(await real.images(i)),
    }
    expect((await seen.test(seen.start(key), real)).loss).toBeCloseTo(
      (await plain.test(plain.start(key), doubled)).loss,
      5,
    )
  })

  it('mixes images and targets last', async () => {
    const half: Mixing<{ readonly part: Scalar }> = {
      name: 'half',
      draw: () => ({ part: scalar(0.5) }),
      apply: ({ images, targets }, { part }) => ({
        images: mul(images, part),
        targets: add(mul(targets, part), 1 / 6),
      }),
    }
    const batch = await batchOf(3, 4)
    const halved = await engine.compile('halved', ({ images, targets }: Batch) => ({
      images: mul(images, 0.5),
      targets: add(mul(targets, 0.5), 1 / 6),
    }))(batch)
    const mixed = trainer({ engine, network, mixing: half as Mixing })
    const plain = trainer({ engine, network })
    const one = await mixed.step(mixed.start(key), batch, 0.1, key)
    const other = await plain.step(plain.start(key), halved, 0.1, key)
    near(numbers(one.next.weights), numbers(other.next.weights))
    expect(one.loss).toBeCloseTo(other.loss, 6)
    const training = mixed.start(key)
    await leakCheck(async () => disposeTree((await mixed.step(training, batch, 0.1, key)).next))
  })

  it('leaves nothing behind but the next training', async () => {
    const fit = trainer({ engine, network, momentum: 0.9 })
    const training = fit.start(key)
    const batch = await batchOf(0, 1)
    await leakCheck(async () => disposeTree((await fit.step(training, batch, 0.1, key)).next))
    await leakCheck(async () => void (await fit.test(training, real)))
  })
})
