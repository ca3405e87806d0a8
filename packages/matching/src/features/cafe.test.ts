import { disposeTree, keyFrom, pixels, tensor, tensorLeaves, type Layout, type Tree } from '@haba/core'
import { referenceEngine, seedFrom, testObjective, tinyNetwork, toyData } from '@haba/testing'
import type { Tensor2D } from '@tensorflow/tfjs-core'
import { describe, expect, it } from 'vitest'
import { cafeTerms } from './cafe-terms.js'
import { dynamicStop, leakingAccuracy, type DynamicStopOptions } from './cafe-stop.js'
import { cafe, type CafeOptions } from './cafe.js'

const make = (options: Partial<CafeOptions> = {}, stop: DynamicStopOptions = {}) =>
  cafe({
    network: tinyNetwork(),
    realPerClass: 4,
    stop: dynamicStop({ perClass: 2, maxEpochs: 1, ...stop }),
    ...options,
  })

testObjective({ make: () => make() })
testObjective({ make: () => ({ ...make({ layerWeights: [0.5, 0], discrimination: 1 }), name: 'cafe, other weights' }) })

describe('cafeTerms', () => {
  it('compares class means, and asks real features for their class', async () => {
    const terms = await referenceEngine().compile('terms', (real: Tree, synthetic: Tree) => ({
      ...cafeTerms({ taps: [real as Tensor2D], counts: [2, 1] }, { taps: [synthetic as Tensor2D], counts: [1, 2] }),
    }))(tensor([1, 0, 3, 0, 0, 1], [3, 2]), tensor([1, 1, 0, 2, 0, 0], [3, 2]))
    // Real means (2, 0) and (0, 1), synthetic ones (1, 1) and (0, 1): 1 + 1 + 0 + 0.
    expect(terms.layers[0]!.dataSync()[0]).toBeCloseTo(2, 6)
    expect([...terms.centers.dataSync()]).toEqual([1, 1, 0, 1])
    expect([...terms.products.dataSync()]).toEqual([1, 0, 3, 0, 1, 1])
    // log(1 + e⁻¹) + log(1 + e⁻³) + log 2
    expect(terms.discrimination.dataSync()[0]).toBeCloseTo(0.313262 + 0.048587 + 0.693147, 5)
  })
})

describe('dynamicStop', () => {
  const after = (options: DynamicStopOptions, ...accuracies: readonly number[]) => {
    const stop = dynamicStop({ window: 3, ...options })
    return { stop, watch: accuracies.reduce((watch, a) => stop.add(watch, a, 10), stop.empty) }
  }

  it('replaces a network whose accuracy has settled, and not before the window is full', () => {
    const short = after({}, 0.5, 0.5)
    expect(short.stop.replaces(short.watch, 2)).toBe(false)
    const flat = after({}, 0.9, 0.5, 0.52, 0.51)
    expect(flat.stop.replaces(flat.watch, 4)).toBe(true)
    const rising = after({}, 0.5, 0.52, 0.55)
    expect(rising.stop.replaces(rising.watch, 3)).toBe(false)
    expect(dynamicStop({ maxSteps: 3 }).replaces(rising.watch, 3)).toBe(true)
  })

  it('resumes once the accuracy has moved, or the bound is reached', () => {
    const { stop, watch } = after({}, 0.5, 0.51, 0.54)
    expect(stop.resumes(watch, 3)).toBe(true)
    expect(stop.resumes(stop.empty, 99)).toBe(false)
    expect(stop.resumes(stop.empty, 100)).toBe(true)
  })

  it('leaks a share of the last measurement where asked to be as released', () => {
    const { watch } = after({ accumulation: leakingAccuracy }, 0.5, 0.5, 0.5)
    ;[0.5, 0.55, 0.555].forEach((v, i) => expect(watch.seen[i]).toBeCloseTo(v, 9))
  })

  it('refuses a window of one', () =>
    expect(() => dynamicStop({ window: 1 })).toThrow(
      'dynamicStop: expected window to be a whole number of at least 2, got 1.',
    ))
})

describe('cafe', () => {
  const real = toyData()
  const set = pixels({ image: real.image, classes: real.classes, perClass: 2 })
  const numbers = (tree: Tree) => tensorLeaves(tree).flatMap((t) => [...t.dataSync()])

  it('trains the network between steps, and replaces it when the stop says so', async () => {
    const engine = referenceEngine()
    const params = await set.init(keyFrom(1), seedFrom(real))
    const render = engine.compile('render', set.render)
    const objective = make({ networkRate: 0.1 }, { maxSteps: 2, maxEpochs: 3 })
    const { state } = objective.init(keyFrom(2))
    const first = numbers(state.training.weights)
    const context = {
      engine,
      real,
      layout: set.layout as Layout,
      render: (rows: Parameters<typeof set.render>[1]) => render(params, rows),
    }
    const trained = await objective.advance!(keyFrom(3), { ...context, state })
    expect(trained.steps).toBe(1)
    expect(trained.watch.seen.length).toBe(1)
    expect(numbers(trained.training.weights)).not.toEqual(first)
    const replaced = await objective.advance!(keyFrom(4), { ...context, state: trained })
    expect(replaced).toMatchObject({ networks: 1, steps: 0, watch: { seen: [], last: 0 } })
    disposeTree(replaced.training, params)
  })

  it('halves the learning rate after 1200, 1600 and 1800 networks, as released', () => {
    const { learningRateScale, init } = make()
    const { state } = init(keyFrom(2))
    const at = (networks: number) => learningRateScale({ ...state, networks })
    expect([0, 1199, 1200, 1600, 1799, 1800, 2000].map(at)).toEqual([1, 1, 0.5, 0.25, 0.25, 0.125, 0.125])
    expect(make({ decay: { after: [], factor: 1 } }).learningRateScale({ ...state, networks: 5000 })).toBe(1)
    expect(() => make({ decay: { after: [3], factor: 0 } })).toThrow('cafe: expected decay.factor in (0, 1], got 0.')
    disposeTree(state.training)
  })

  it('refuses weights that are not one a layer', async () => {
    const objective = make({ layerWeights: [1] })
    const { state } = objective.init(keyFrom(2))
    const { common, items } = await objective.draw(keyFrom(3), { real, layout: set.layout, state })
    const params = await set.init(keyFrom(1), seedFrom(real))
    const term = () =>
      referenceEngine().compile('term', (p: typeof params) =>
        objective.term({ layout: set.layout, render: (rows) => set.render(p, rows) }, {}, common, items[0]!),
      )(params)
    await expect(async () => term()).rejects.toThrow('cafe: expected 2 layer weights, got 1.')
  })
})
