import { keyFrom, pixels, rowsOf, sizeOf, tensor, type Parameterization, type Tree } from '@haba/core'
import { referenceEngine, seedFrom, testParameterization, tinyNetwork, toyData, toySet } from '@haba/testing'
import type { Tensor4D } from '@tensorflow/tfjs-core'
import { describe, expect, it } from 'vitest'
import { asLogits, hardLabels, labeled, predictedLabels, uniformLabels, type LabeledOptions } from './labeled.js'

const options = { image: [3, 4, 2], classes: 3 } as const
const loose = (set: LabeledOptions) => labeled(set) as unknown as Parameterization<Tree>

testParameterization({ make: () => loose({ of: pixels({ ...options, perClass: [2, 1, 1] }), start: uniformLabels }) })
testParameterization({
  make: () => loose({ of: toySet({ ...options, views: 2 }), start: hardLabels, stored: asLogits }),
})

/** Pixels with an unused fixed part. */
function masked(): Parameterization<Tree> {
  const inner = pixels({ ...options, perClass: 1 })
  const shape = [inner.layout.slots, ...options.image]
  const mask = () => tensor(Int32Array.of(0, 1, 2, 5, 6, 19), [2, 3])
  return {
    ...inner,
    indexSets: { mask: { below: 20 } },
    init: async (key, seed) => ({ ...(await inner.init(key, seed)), mask: mask() }),
    zeros: () => ({ images: tensor(new Float32Array(sizeOf(shape)), shape), mask: mask() }),
    render: (params, rows) => inner.render(params as never, rows),
  }
}
testParameterization({ make: () => loose({ of: masked() }) })

describe('labeled', () => {
  const real = toyData()
  const of = pixels({ image: real.image, classes: real.classes, perClass: 2 })
  const engine = referenceEngine()
  const rows = rowsOf(Int32Array.of(0, 5), 0)
  const targetsOf = async (more: Omit<LabeledOptions, 'of'>) => {
    const set = labeled({ of, ...more })
    const params = await set.init(keyFrom(1), seedFrom(real))
    const { images, targets } = await engine.compile('render', set.render)(params, rows)
    return { params, images: [...images.dataSync()], targets: [...targets.dataSync()] }
  }

  it('leaves images as they are and starts where it is told', async () => {
    const plain = await of.init(keyFrom(1), seedFrom(real))
    const { images } = await engine.compile('plain', of.render)(plain, rows)
    const hard = await targetsOf({})
    expect(hard.images).toEqual([...images.dataSync()])
    expect(hard.targets).toEqual([1, 0, 0, 0, 0, 1])
    const third = Math.fround(1 / 3)
    expect((await targetsOf({ start: uniformLabels })).targets).toEqual(Array(6).fill(third))
    // A class's logit is log 1, the others' log 1e-4: 1 / (1 + 2e-4).
    expect((await targetsOf({ stored: asLogits })).targets[0]).toBeCloseTo(1 / 1.0002, 6)
  })

  it('compiles once, however often labels are assigned', async () => {
    const [own, network] = [referenceEngine(), tinyNetwork()]
    const weights = async () => network.init(keyFrom(8)).weights
    const start = predictedLabels({ engine: own, network: network, weights })
    const set = labeled({ of, start })
    const params = await set.init(keyFrom(1), seedFrom(real))
    const { compilations } = own.stats
    expect(compilations).toBe(2)
    await set.relabel(params, start)
    expect(own.stats.compilations).toBe(compilations)
  })

  it("starts at a trained network's softmax", async () => {
    const network = tinyNetwork()
    const { weights } = network.init(keyFrom(8))
    const start = predictedLabels({
      engine,
      network: network,
      weights: async () => network.init(keyFrom(8)).weights,
    })
    const { targets, images } = await targetsOf({ start })
    const logits = await engine.compile(
      'logits',
      (w: typeof weights, at: typeof rows, x: Tree) =>
        network.apply(w, of.render(x as never, at).images, { kind: 'evaluate', state: {} }).logits,
    )(weights, rows, await of.init(keyFrom(1), seedFrom(real)))
    const values = [...logits.dataSync()]
    ;[0, 1].forEach((row) => {
      const own = values.slice(3 * row, 3 * row + 3).map(Math.exp)
      const total = own.reduce((sum, v) => sum + v)
      own.forEach((v, c) => expect(targets[3 * row + c]).toBeCloseTo(v / total, 5))
    })
    expect(images.length).toBe(2 * 128)
    // Assigned again to the current images.
    const set = labeled({ of, start: hardLabels })
    const params = await set.init(keyFrom(1), seedFrom(real))
    const again = await set.relabel(params, start)
    ;[0, 5].forEach((slot, row) =>
      [0, 1, 2].forEach((c) => expect(again.dataSync()[3 * slot + c]).toBeCloseTo(targets[3 * row + c]!, 6)),
    )
    const before = params['images'] as Tensor4D
    const moved = { ...params, images: tensor(before.dataSync().map((v) => 2 * v) as Float32Array, before.shape) }
    const other = await set.relabel(moved, start)
    expect([...other.dataSync()]).not.toEqual([...again.dataSync()])
  })
})
