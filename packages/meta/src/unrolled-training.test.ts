import { keyFrom, pixels, softplus, tensor, tensorLeaves, type Tree } from '@haba/core'
import { referenceEngine, testObjective, tinyNetwork, toyData } from '@haba/testing'
import { describe, expect, it } from 'vitest'
import { fixedWeights, randomWeights, xavierWeights } from './initial-weights.js'
import { unrolledTraining } from './unrolled-training.js'

const network = tinyNetwork() as Parameters<typeof unrolledTraining>[0]['network']
const real = toyData()
const small = { network, steps: 3, epochs: 1, perClass: 3, realBatch: 5, rate: 0.2 }

testObjective({ make: () => unrolledTraining(small) })
testObjective({ make: () => ({ ...unrolledTraining({ ...small, mixViews: true }), name: 'mixed views' }) })
testObjective({ make: () => ({ ...unrolledTraining({ ...small, initial: fixedWeights(keyFrom(1)) }), name: 'fixed' }) })

describe('unrolledTraining', () => {
  const layout = (perClass: number, views = 1) => ({
    ...pixels({ image: real.image, classes: real.classes, perClass }).layout,
    views,
  })

  it('prescribes pass after pass over slots, then views, at softplus of its rates', async () => {
    const { init, prescribe } = unrolledTraining({ network, steps: 4, epochs: 2, rate: 0.02 })
    const { params } = init(keyFrom(1))
    const { steps, initial } = prescribe!(params, layout(2, 2))
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
    steps.forEach(({ rate }) => expect(rate).toBeCloseTo(0.02, 6))
    const raw = { rates: tensor(new Float32Array(8).fill(1), [8]) as never }
    const one = await referenceEngine().compile('softplus', (x: Tree) => softplus(x as never))(tensor([1], [1]))
    expect(prescribe!(raw, layout(2, 2)).steps[3]!.rate).toBeCloseTo(one.dataSync()[0]!, 6)
  })

  it('mixes views within a step, so that a pass still sees every image under every view', () => {
    const { init, prescribe } = unrolledTraining({ network, steps: 4, epochs: 1, mixViews: true })
    const { steps } = prescribe!(init(keyFrom(1)).params, layout(2, 2))
    expect(steps.map(({ views }) => [...views])).toEqual([
      [0, 1, 0],
      [0, 1, 0],
      [1, 0, 1],
      [1, 0, 1],
    ])
    const seen = steps.flatMap(({ slots, views }) => [...slots].map((slot, i) => `${slot}/${views[i]}`))
    expect(new Set(seen).size).toBe(12)
  })

  it('refuses a set that its steps do not reach', async () => {
    const objective = unrolledTraining({ ...small, perClass: 1 })
    await expect(objective.draw(keyFrom(1), { real, layout: layout(2, 2), state: {} })).rejects.toThrow(
      'unrolledTraining: expected at least 4 steps a pass, to see 2 times 1 images a class under 2 views, got 3.',
    )
    expect(() => unrolledTraining({ network, rate: 0 })).toThrow('a rate above 0, got 0')
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
