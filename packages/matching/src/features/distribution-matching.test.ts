import {
  batchMoments,
  batchNorm,
  grad,
  keyFrom,
  mean,
  pixels,
  tensor,
  tensorLeaves,
  trace,
  valueAndGrad,
  type Network,
  type Rows,
  type Tree,
} from '@haba/core'
import { referenceEngine, seedFrom, testObjective, tinyNetwork, toyData } from '@haba/testing'
import type { Tensor2D, Tensor4D } from '@tensorflow/tfjs-core'
import { describe, expect, it } from 'vitest'
import { classByClass, classesTogether, distributionMatching, meanDistance } from './distribution-matching.js'

testObjective({ make: () => distributionMatching({ network: tinyNetwork(), realPerClass: 4 }) })
testObjective({
  make: () => ({
    ...distributionMatching({ network: tinyNetwork(), realPerClass: 4, views: 1 }),
    name: 'DM, one view',
  }),
  views: 'drawn',
})
testObjective({
  make: () => ({
    ...distributionMatching({ network: tinyNetwork(), realPerClass: 4, grouping: classesTogether }),
    name: 'distribution matching, together',
  }),
})

describe('meanDistance', () => {
  const distance = (real: number[][], synthetic: number[][]) =>
    referenceEngine()
      .compile('distance', (a: Tree, b: Tree) => meanDistance(a as Tensor2D, b as Tensor2D))(
        tensor(real.flat(), [real.length, 2]),
        tensor(synthetic.flat(), [synthetic.length, 2]),
      )
      .then((t) => t.dataSync()[0])

  it('is the squared distance of the means, summed over features', async () => {
    // means (2, 3) and (1, 1): 1² + 2²
    expect(
      await distance(
        [
          [1, 2],
          [3, 4],
        ],
        [[1, 1]],
      ),
    ).toBeCloseTo(5, 6)
  })

  it('is zero for equal means, whatever the numbers of images', async () => {
    expect(
      await distance(
        [
          [0, 2],
          [4, 0],
        ],
        [[2, 1]],
      ),
    ).toBe(0)
  })
})

describe('distributionMatching', () => {
  it('refuses a count below 1', () => {
    expect(() => distributionMatching({ network: tinyNetwork(), realPerClass: 0 })).toThrow(
      'distributionMatching: expected realPerClass to be a whole number of at least 1, got 0.',
    )
  })

  it('holds the real side constant', async () => {
    const slope = await referenceEngine().compile('slope', (real: Tree, synthetic: Tree) =>
      grad((x) => meanDistance((x as { real: Tensor2D }).real, synthetic as Tensor2D), { real }),
    )(tensor([1, 2], [1, 2]), tensor([3, 5], [1, 2]))
    expect([...(slope as { real: Tensor2D }).real.dataSync()]).toEqual([0, 0])
  })
})

describe('grouping', () => {
  const real = toyData()
  const set = pixels({ image: real.image, classes: real.classes, perClass: [2, 1, 3] })
  const objectiveOf = (network: Network, grouping = {}) =>
    distributionMatching({ network, realPerClass: 4, ...grouping })
  /** The sum over items, accumulated item by item as the distiller does. */
  const accumulated = async (objective: ReturnType<typeof objectiveOf>) => {
    const { common, items } = await objective.draw(keyFrom(3), { real, layout: set.layout, state: {} })
    const params = await set.init(keyFrom(1), seedFrom(real))
    const term = (p: typeof params, item: (typeof items)[number]) =>
      valueAndGrad(
        (x) => objective.term({ layout: set.layout, render: (rows: Rows) => set.render(x, rows) }, {}, common, item),
        p,
      )
    const compiled = referenceEngine().compile('term', term)
    const parts = []
    for (const item of items) parts.push(await compiled(params, item))
    const numbers = parts
      .map((part) => tensorLeaves(part).flatMap((t) => [...t.dataSync()]))
      .reduce((a, b) => a.map((v, i) => v + b[i]!))
    const rows = items.map((item) =>
      Math.max(...trace(term, [params, item]).graph.nodes.map(({ shape }) => (shape.length === 4 ? shape[0]! : 0))),
    )
    return { numbers, rows }
  }

  it('makes no difference without batch statistics, and by classes no tensor holds more than one class', async () => {
    const network = tinyNetwork() as unknown as Network
    const [apart, together] = [
      await accumulated(objectiveOf(network, { grouping: classByClass })),
      await accumulated(objectiveOf(network, { grouping: classesTogether })),
    ]
    apart.numbers.forEach((v, i) => expect(v).toBeCloseTo(together.numbers[i]!, 5))
    // The largest batch: 4 real images of a class (or the 6 stored ones), against 12 of all.
    expect(apart.rows).toEqual([6, 6, 6])
    expect(together.rows).toEqual([12])
  })

  it('mixes the classes where the network normalizes by batches, as published', async () => {
    const normalized = normalizing()
    const published = await accumulated(objectiveOf(normalized))
    const together = await accumulated(objectiveOf(normalized, { grouping: classesTogether }))
    const apart = await accumulated(objectiveOf(normalized, { grouping: classByClass }))
    expect(published.numbers).toEqual(together.numbers)
    // By itself every class is normalized to mean zero, so that nothing would be left to match.
    const loss = (numbers: readonly number[]) => numbers.at(-1)!
    expect(Math.abs(loss(apart.numbers))).toBeLessThan(1e-6)
    expect(loss(together.numbers)).toBeGreaterThan(1e-3)
  })
})

/** Batch normalization and nothing else; its features are the pixels' means. */
function normalizing(): Network {
  const ones = (value: number) => tensor([value, value], [2])
  return {
    name: 'normalizing',
    init: () => ({ weights: {}, state: { mean: ones(0) } }),
    apply: (_, images: Tensor4D, { state }) => {
      const normalized = batchNorm(images, batchMoments(images), ones(1), ones(0))
      const features = mean(normalized, [1, 2]) // [batch, channels]
      return { features, logits: features, state }
    },
  }
}
