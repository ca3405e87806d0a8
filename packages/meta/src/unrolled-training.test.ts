import {
  keyFrom,
  prescribes,
  mul,
  pixels,
  scalar,
  softplus,
  tensor,
  tensorLeaves,
  type Args,
  type Augmentation,
  type Tree,
} from '@haba/core'
import { referenceEngine, seedFrom, testObjective, tinyNetwork, toyData } from '@haba/testing'
import type { Scalar } from '@tensorflow/tfjs-core'
import { describe, expect, it } from 'vitest'
import { fixedWeights, randomWeights, xavierWeights } from './initial-weights.js'
import { unrolledTraining } from './unrolled-training.js'

const network = tinyNetwork() as Parameters<typeof unrolledTraining>[0]['network']
const real = toyData()
const small = { network, steps: 3, epochs: 1, perClass: 3, realBatch: 5, learningRate: 0.2 }

testObjective({ make: () => unrolledTraining(small) })
testObjective({ make: () => ({ ...unrolledTraining({ ...small, mixViews: true }), name: 'mixed views' }) })
testObjective({ make: () => ({ ...unrolledTraining({ ...small, initial: fixedWeights(keyFrom(1)) }), name: 'fixed' }) })

testObjective({
  make: () => ({ ...unrolledTraining({ ...small, momentum: 0.9 }), name: 'unrolled training, momentum' }),
})
const rtp = {
  network,
  steps: 3,
  epochs: 1,
  perClass: 2,
  shuffle: true,
  learnRates: false,
  momentum: 0.9,
  learningRate: 0.2,
}
const doubling: Augmentation<{ readonly by: Scalar }> = {
  name: 'doubling',
  draw: (_, rows) => ({ by: scalar(rows) }),
  apply: (images, { by }) => mul(images, by),
}
testObjective({
  make: () => ({
    ...unrolledTraining({ ...rtp, realBatch: 5, augmentation: doubling as Augmentation, augmentSteps: true }),
    name: 'RTP',
  }),
})

describe('unrolledTraining', () => {
  const layout = (perClass: number, views = 1) => ({
    ...pixels({ image: real.image, classes: real.classes, perClass }).layout,
    views,
  })

  it('prescribes pass after pass over slots, then views, at softplus of its rates', async () => {
    const { init, prescribe } = unrolledTraining({ network, steps: 4, epochs: 2, learningRate: 0.02 })
    const { params } = init(keyFrom(1))
    const { steps, initial } = prescribe(params, layout(2, 2))
    expect(initial).toBe(randomWeights)
    expect(steps.map(({ slots, views }) => [[...slots], [...views]])).toEqual(
      [...Array(2)].flatMap(() => [
        [
          [0, 2, 4],
          [0, 0, 0],
        ],
        [
          [1, 3, 5],
          [0, 0, 0],
        ],
        [
          [0, 2, 4],
          [1, 1, 1],
        ],
        [
          [1, 3, 5],
          [1, 1, 1],
        ],
      ]),
    )
    steps.forEach(({ learningRate: rate }) => expect(rate).toBeCloseTo(0.02, 6))
    const raw = { rates: tensor(new Float32Array(8).fill(1), [8]) }
    const one = await referenceEngine().compile('softplus', (x: Tree) => softplus(x as never))(tensor([1], [1]))
    expect(prescribe(raw, layout(2, 2)).steps[3]!.learningRate).toBeCloseTo(one.dataSync()[0]!, 6)
  })

  it('mixes views within a step, so that a pass still sees every image under every view', () => {
    const { init, prescribe } = unrolledTraining({ network, steps: 4, epochs: 1, mixViews: true })
    const { steps } = prescribe(init(keyFrom(1)).params, layout(2, 2))
    expect(steps.map(({ views }) => [...views])).toEqual([
      [0, 1, 0],
      [0, 1, 0],
      [1, 0, 1],
      [1, 0, 1],
    ])
    const seen = steps.flatMap(({ slots, views }) => [...slots].map((slot, i) => `${slot}/${views[i]}`))
    expect(new Set(seen).size).toBe(12)
  })

  it('prescribes momentum, and rates that are fixed', () => {
    const { init, prescribe } = unrolledTraining({ network, learningRate: 0.02, learnRates: false, momentum: 0.9 })
    const { params } = init(keyFrom(1))
    expect(params).toEqual({})
    const { steps, momentum } = prescribe(params, layout(2))
    expect(momentum).toBe(0.9)
    expect(new Set(steps.map(({ learningRate: rate }) => rate))).toEqual(new Set([0.02]))
  })

  it('shuffled, takes distinct images of every class anew in each step, and prescribes none', async () => {
    const objective = unrolledTraining({ ...rtp, steps: 20 })
    expect(prescribes(objective)).toBe(false)
    const seven = layout(7)
    const { items } = await objective.draw(keyFrom(1), { real, layout: { ...seven, views: 2 }, state: {} })
    const steps = items.map(({ rows }) => [...rows.slots.dataSync()])
    expect(steps.length).toBe(20)
    for (const slots of steps) {
      expect(slots.map((slot) => seven.labels[slot])).toEqual([0, 0, 1, 1, 2, 2])
      expect(new Set(slots).size).toBe(6)
    }
    expect(new Set(steps.flat()).size).toBe(21)
    const views = items.map(({ rows }) => new Set(rows.views.dataSync()))
    expect(views.every(({ size }) => size === 1)).toBe(true)
    expect(new Set(views.flatMap((own) => [...own]))).toEqual(new Set([0, 1]))
  })

  it('changes the images of steps where it is asked to, with as many draws', async () => {
    const set = pixels({ image: real.image, classes: real.classes, perClass: 2 })
    const params = await set.init(keyFrom(1), seedFrom(real))
    const inputs = await Promise.all(
      [true, false].map(async (augmentSteps) => {
        const objective = unrolledTraining({ ...rtp, augmentation: doubling as Augmentation, augmentSteps })
        const { common, items } = await objective.draw(keyFrom(1), { real, layout: set.layout, state: {} })
        const bound = (at: typeof params) => ({
          layout: set.layout,
          render: (rows: Parameters<typeof set.render>[1]) => set.render(at, rows),
        })
        const input = referenceEngine().compile('input', (at: typeof params, drawn: typeof common, item: Args) =>
          objective.input(bound(at), drawn, item as (typeof items)[0]),
        )
        return (await input(params, common, items[0]! as Args)).images.dataSync()
      }),
    )
    // Six images per step, the factor of the toy augmentation.
    inputs[0]!.forEach((v, i) => expect(v).toBeCloseTo(6 * inputs[1]![i]!, 4))
  })

  it('refuses a set that its steps do not reach', async () => {
    const objective = unrolledTraining({ ...small, perClass: 1 })
    await expect(objective.draw(keyFrom(1), { real, layout: layout(2, 2), state: {} })).rejects.toThrow(
      'unrolledTraining: expected at least 4 steps per pass, for 2 times 1 images per class under 2 views, got 3.',
    )
    expect(() => unrolledTraining({ network, learningRate: 0 })).toThrow('a learningRate above 0, got 0')
    expect(() => unrolledTraining({ network, epochs: 0 })).toThrow('epochs to be a whole number of at least 1')
  })
})

describe('initial weights', () => {
  const numbers = (tree: Tree) => tensorLeaves(tree).map((t) => [...t.dataSync()])

  it('are new for each key, or the same', () => {
    expect(numbers(randomWeights(network, keyFrom(1)).weights)).not.toEqual(
      numbers(randomWeights(network, keyFrom(2)).weights),
    )
    const fixed = fixedWeights(keyFrom(3))
    expect(numbers(fixed(network, keyFrom(1)).weights)).toEqual(numbers(fixed(network, keyFrom(2)).weights))
  })

  it("have Xavier's deviation, and biases of 0", () => {
    const wide = tinyNetwork({ width: 64 }) as typeof network
    const [bias, kernel] = numbers(xavierWeights(wide, keyFrom(1)).weights)
    expect(bias!.every((v) => v === 0)).toBe(true)
    // 3·3 taps from 2 channels to 64.
    const deviation = Math.sqrt(kernel!.reduce((total, v) => total + v * v, 0) / kernel!.length)
    expect(deviation / Math.sqrt(2 / (9 * (2 + 64)))).toBeCloseTo(1, 1)
  })
})
