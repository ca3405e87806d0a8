import { disposeTree, keyFrom, tensorLeaves, type Network, type Tree } from '@haba/core'
import { leakCheck, referenceEngine, tinyNetwork, toyData } from '@haba/testing'
import { describe, expect, it } from 'vitest'
import {
  choose,
  chosenSet,
  farthestFirst,
  featuresOf,
  forgetting,
  forgettingCounter,
  herding,
  herdingOrder,
  kCenter,
  kCenterOrder,
  kMeans,
  kMeansCenters,
  nearestToMean,
  observeTraining,
  random,
  randomFirst,
  remembered,
  type Features,
  type Matrix,
} from './index.js'

const line = (...values: readonly number[]): Matrix => ({
  values: Float32Array.from(values),
  rows: values.length,
  columns: 1,
})
const real = toyData()
/** Uses pixels as features. */
const pixels: Features = async (indices) => {
  const images = await real.images(indices)
  const values = Float32Array.from(images.dataSync<'float32'>())
  images.dispose()
  return { values, rows: indices.length, columns: values.length / indices.length }
}

describe('herding', () => {
  it('keeps the mean of what it took near the mean of all', () => {
    // Mean 4: 3 is nearest. Then the goal is 8 - 3 = 5, and 6 is nearest; then 12 - 9 = 3, and of 0 and 7 it is 0.
    expect([...herdingOrder(line(0, 3, 6, 7), 4)]).toEqual([1, 2, 0, 3])
  })
  it('takes the farthest as DeepCore does, if asked', () =>
    expect([...herdingOrder(line(0, 3, 6, 7), 2, farthestFirst)]).toEqual([0, 1]))
})

describe('k-center', () => {
  it('goes where nothing is near', () => {
    // 4 is the mean; 9 and 0 are then the farthest, 5 and 4 away, and 6 is 2 away where 3 is 1.
    const rows = line(0, 3, 4, 6, 9, 2)
    expect([...kCenterOrder(rows, 4, nearestToMean(keyFrom(1), rows))]).toEqual([2, 4, 0, 3])
  })
  it('begins anywhere, if asked', () => {
    const firsts = [1, 2, 3, 4, 5, 6].map((seed) => randomFirst(keyFrom(seed), line(0, 1, 2)))
    expect(new Set(firsts).size).toBeGreaterThan(1)
  })
})

describe('k-means', () => {
  it('finds clusters', () => {
    const centers = kMeansCenters(keyFrom(1), line(0, 1, 10, 11, 12, 30), 3, 20).map(([c]) => c)
    expect(centers.sort((a, b) => a! - b!)).toEqual([0.5, 11, 30])
  })
  it('takes the rows nearest to the centers, each once', async () => {
    const values = line(0, 1.2, 10, 11, 12, 11)
    const selection = kMeans({ features: async () => values })
    const chosen = await selection.order(keyFrom(2), Int32Array.of(10, 11, 12, 13, 14, 15), 2)
    expect([...chosen].sort()).toEqual([10, 13])
    expect(new Set(await selection.order(keyFrom(2), Int32Array.of(0, 1, 2, 3, 4, 5), 6)).size).toBe(6)
  })
  it('refuses no iterations', () =>
    expect(() => kMeans({ features: pixels, iterations: 0 })).toThrow('kMeans: expected at least 1 iteration, got 0.'))
})

describe('forgetting', () => {
  it('counts changes from correct to incorrect; what was never learned counts 0', async () => {
    const counter = forgettingCounter(3)
    const histories = [
      [1, 0, 1, 0],
      [0, 0, 0, 0],
      [0, 1, 1, 0],
    ]
    for (let epoch = 0; epoch < 4; epoch++) histories.forEach((own, i) => counter.see(i, own[epoch] === 1))
    expect([...counter.counts]).toEqual([2, 0, 1])
    const chosen = await forgetting(counter).order(keyFrom(1), Int32Array.of(1, 2, 0), 3)
    expect([...chosen]).toEqual([0, 2, 1])
  })
})

describe('choose', () => {
  const counts = Int32Array.from(real.labels, (_, i) => i % 3)
  it.each([
    random,
    herding({ features: pixels }),
    kCenter({ features: pixels }),
    kMeans({ features: pixels }),
    forgetting({ counts }),
  ])('$name: as many of every class as asked, each once, the same with the same key', async (selection) => {
    const perClass = [2, 1, 4]
    const chosen = await choose({ selection, real, perClass, key: keyFrom(5) })
    expect([...chosen].map((index) => real.labels[index])).toEqual([0, 0, 1, 2, 2, 2, 2])
    expect(new Set(chosen).size).toBe(7)
    expect(await choose({ selection, real, perClass, key: keyFrom(5) })).toEqual(chosen)
  })

  it('says where there are too few', async () => {
    const asked = choose({ selection: random, real, perClass: 9, key: keyFrom(1) })
    await expect(asked).rejects.toThrow('random: expected 1 … 8 images of class 0, got 9.')
  })

  it('makes a finished set', async () => {
    const chosen = await choose({ selection: random, real, perClass: 1, key: keyFrom(5) })
    const set = await chosenSet(real, chosen)
    expect(set.layout).toMatchObject({ slots: 3, views: 1, classes: 3, labels: Int32Array.of(0, 1, 2) })
    expect(set.targets).toEqual(Float32Array.of(1, 0, 0, 0, 1, 0, 0, 0, 1))
    expect(set.images).toEqual((await pixels(chosen)).values)
  })
})

describe('observeTraining', () => {
  const network = tinyNetwork() as Network
  const engine = referenceEngine()
  const options = { engine, network, real, key: keyFrom(3), batch: 8, learningRate: 0.05 }

  it('trains, counts what was forgotten, and leaves nothing but the network', async () => {
    await leakCheck(async () => {
      const steps: number[] = []
      const { trained, forgotten } = await observeTraining({
        ...options,
        epochs: 3,
        onStep: (step) => steps.push(step),
      })
      expect(steps.length).toBe(3 * Math.ceil(real.labels.length / 8))
      expect(forgotten.length).toBe(real.labels.length)
      // A sample that is seen three times can be forgotten at most once.
      expect(Math.max(...forgotten)).toBeLessThanOrEqual(1)
      disposeTree(trained)
    })
  })

  it('gives a row of features for each image, in batches of any size', async () => {
    const { trained } = await observeTraining({ ...options, epochs: 6 })
    const features = featuresOf({ engine, network, trained, real, batch: 5 })
    const indices = Int32Array.from(real.labels.keys())
    const all = await features(indices)
    expect(all).toMatchObject({ rows: 27, columns: 64 })
    expect((await features(Int32Array.of(6))).values).toEqual(all.values.subarray(6 * 64, 7 * 64))
    disposeTree(trained)
  })

  it('trains alike where it does not count', async () => {
    const [counted, not] = [
      await observeTraining({ ...options, epochs: 2 }),
      await observeTraining({ ...options, epochs: 2, counts: false }),
    ]
    expect(not.forgotten.every((count) => count === 0)).toBe(true)
    const valuesOf = ({ weights }: { readonly weights: Tree }) =>
      tensorLeaves(weights).map((leaf) => [...leaf.dataSync()])
    expect(valuesOf(not.trained)).toEqual(valuesOf(counted.trained))
    disposeTree(counted.trained, not.trained)
  })
})

describe('remembered', () => {
  it('asks once for the same indices, as long as there is room', async () => {
    const asked: number[][] = []
    const features = remembered(async (indices) => {
      asked.push([...indices])
      return { values: new Float32Array(2 * indices.length), rows: indices.length, columns: 2 }
    }, 16)
    for (const indices of [[1, 2], [3], [1, 2], [3]]) await features(Int32Array.from(indices))
    expect(asked).toEqual([[1, 2], [3], [3]])
  })
})
