import {
  applyUpdates,
  keyFrom,
  mapTree,
  pixels,
  resizeBilinear,
  rowsOf,
  sgd,
  square,
  storageOf,
  sum,
  swish,
  tensor,
  tensorLeaves,
  valueAndGrad,
  type Parameterization,
  type Rows,
  type Tree,
} from '@haba/core'
import { referenceEngine, seedFrom, testParameterization, toyData, toySet } from '@haba/testing'
import type { Scalar, Tensor } from '@tensorflow/tfjs-core'
import { describe, expect, it } from 'vitest'
import { factorized, perClass, shared, type FactorizedOptions, type FactorizedParams } from './factorized.js'
import { identity, released } from './initializers.js'

const image = [6, 6, 2] as const
const make = (options: Partial<FactorizedOptions<Tree>> = {}) =>
  factorized({ image, classes: 3, basesPerClass: 2, hallucinators: 3, ...options }) as unknown as Parameterization<Tree>

/** Bases that have views. */
const viewed = () => toySet({ image: [4, 3, 1], classes: 3, views: 2 }) as unknown as Parameterization<Tree>

testParameterization({ make: () => make() })
const small = { basis: [4, 3, 1], activation: swish, kernel: 2, hidden: 3 } as const
testParameterization({ make: () => ({ ...make(small), name: 'small bases' }) })
testParameterization({ make: () => ({ ...make({ ...small, enlarge: 'first' }), name: 'small bases, enlarged first' }) })
testParameterization({
  make: () => ({
    ...make({ layers: 2, activation: swish, hidden: 3, initializer: released, modulation: 'channel', padding: 'same' }),
    name: 'two layers',
  }),
})
testParameterization({
  make: () => ({ ...make({ basis: [4, 3, 1], padding: 'same', of: viewed() }), name: 'of a set with views' }),
})
testParameterization({ make: () => make({ basesPerClass: [1, 2, 3], sharing: perClass }) })

describe('factorized', () => {
  const rendered = async (set: Parameterization<Tree>, params: Tree, rows: Rows) =>
    (await referenceEngine().compile('render', set.render)(params, rows)).images.dataSync()

  it('shows its bases as pixels where hallucinators are the identity, all but the border without padding', async () => {
    const rows = rowsOf(Int32Array.of(0, 4), Int32Array.of(2, 0))
    for (const padding of ['same', 'valid'] as const) {
      const set = make({ padding, initializer: identity({ noise: 0 }) })
      const params = await set.init(keyFrom(1), seedFrom(toyData({ image, classes: 3 })))
      const { bases } = params as unknown as FactorizedParams
      const stored = await rendered(pixels({ image, classes: 3, perClass: 2 }), { images: bases }, rows)
      const border = (i: number) => [Math.floor(i / 12) % 6, Math.floor(i / 2) % 6].some((at) => at === 0 || at === 5)
      const wanted = stored.map((v, i) => (padding === 'valid' && border(i) ? 0 : v))
      ;(await rendered(set, params, rows)).forEach((v, i) => expect(v).toBeCloseTo(wanted[i]!, 5))
    }
  })

  it.each([
    ['fewer', 1, 3],
    ['more', 3, 2],
    ['as many', 2, 2],
  ])('the identity repeats or averages channels where hidden ones are %s than a basis has', (_, hidden, channels) => {
    const shape = {
      count: 2,
      kernel: 3,
      channels: { basis: channels, hidden, image: channels },
      maps: [1, 1],
      layers: 1,
    }
    const { encode, decode } = identity({ noise: 0 })(keyFrom(1), shape as never)
    const [first, second] = [encode.kernel.dataSync(), decode.kernel.dataSync()]
    const middle = (values: Float32Array, i: number, j: number, columns: number) =>
      values[(4 * values.length) / 18 + i * columns + j]!
    // Ones stay ones if no channel is lost.
    const inside = Array.from({ length: hidden }, (__, h) =>
      Array.from({ length: channels }, (___, c) => middle(first as Float32Array, c, h, hidden)).reduce((a, b) => a + b),
    )
    const out = Array.from({ length: channels }, (__, c) =>
      inside.map((v, h) => v * middle(second as Float32Array, c, h, hidden)).reduce((a, b) => a + b),
    )
    out.forEach((v) => expect(v).toBeCloseTo(1, 6))
  })

  it('shows the views of its inner set, each under every hallucinator', async () => {
    const inner = viewed()
    const set = make({
      basis: [4, 3, 1],
      padding: 'same',
      enlarge: 'last',
      of: inner,
      initializer: identity({ noise: 0 }),
    })
    const { views } = inner.layout
    expect(set.layout.views).toBe(3 * views)
    const params = await set.init(keyFrom(1), seedFrom(toyData({ image, classes: 3 })))
    for (let view = 0; view < set.layout.views; view++) {
      const seen = await rendered(set, params, rowsOf(Int32Array.of(1), view))
      const own = await referenceEngine().compile('own', (p: Tree, rows: Rows) =>
        resizeBilinear(inner.render(p, rows).images, 6, 6),
      )((params as { readonly bases: Tree }).bases, rowsOf(Int32Array.of(1), Math.floor(view / 3)))
      // From one channel to two.
      own.dataSync().forEach((v, i) => expect(seen[2 * i]).toBeCloseTo(v, 5))
    }
  })

  const real = toyData({ image: [32, 32, 3], classes: 10, perClass: 3 })
  const floats = async (options: Partial<FactorizedOptions>) => {
    const set = factorized({ image: [32, 32, 3], classes: 10, basesPerClass: 1, ...options })
    return storageOf(set, await set.init(keyFrom(1), seedFrom(real))).floats
  }

  it('stores what the paper counts', async () => {
    expect(await floats({})).toBe(58_560)
    expect(await floats({ basis: [32, 32, 1], basesPerClass: 3 })).toBe(58_290)
    expect(await floats({ basis: [16, 16, 3], basesPerClass: 4, hallucinators: 4 })).toBe(30_720 + 4 * 1344)
    const few = { basis: [16, 16, 3], hallucinators: 1, modulation: 'channel', padding: 'same' } as const
    expect(await floats(few)).toBe(10 * 768 + 2 * 84 + 6)
    expect(await floats({ ...few, layers: 2 })).toBe(10 * 768 + 4 * 84 + 6)
    expect(await floats({ sharing: perClass })).toBe(10 * 3072 + 50 * 5568)
  })

  it('gives a class its own hallucinators the same images as shared ones with the same weights', async () => {
    const own = factorized({ image, classes: 1, basesPerClass: 2, hallucinators: 3, sharing: perClass })
    const common = factorized({ image, classes: 1, basesPerClass: 2, hallucinators: 3 })
    const params = await own.init(keyFrom(4), seedFrom(toyData({ image, classes: 1 })))
    const render = async (set: typeof own) => [
      ...(
        await referenceEngine().compile('render', set.render)(params, rowsOf(Int32Array.of(1, 0), 2))
      ).images.dataSync(),
    ]
    const [a, b] = [await render(own), await render(common)]
    a.forEach((value, i) => expect(value).toBeCloseTo(b[i]!, 5))
  })

  const steps = async (set: Parameterization<Tree>, start: Tree, slots: readonly number[], count: number) => {
    const optimizer = sgd({ learningRate: 0.1, momentum: 0.5 })
    const engine = referenceEngine()
    const step = engine.compile('step', (params: Tree, before: Tree, rows: ReturnType<typeof rowsOf>) => {
      const { grad } = valueAndGrad((at: Tree) => sum(square(set.render(at, rows).images)) as Scalar, params)
      const { updates, state } = optimizer.update(grad, before as never, params)
      return { params: applyUpdates(params, updates), state: state as Tree }
    })
    let at = { params: start, state: (await engine.compile('init', (p: Tree) => optimizer.init(p))(start)) as Tree }
    for (let i = 0; i < count; i++) at = await step(at.params, at.state, rowsOf(Int32Array.from(slots), 1 + (i % 2)))
    return at.params
  }
  const near = (a: Tree, b: Tree) =>
    tensorLeaves(a).forEach((t, i) => {
      const other = tensorLeaves(b)[i]!.dataSync()
      t.dataSync().forEach((v, j) => expect(v).toBeCloseTo(other[j]!, 5))
    })

  it('moves own hallucinators of a single class as shared ones', async () => {
    const [own, common] = [perClass, shared].map((sharing) => make({ classes: 1, sharing })) as [
      Parameterization<Tree>,
      Parameterization<Tree>,
    ]
    const start = await own.init(keyFrom(4), seedFrom(toyData({ image, classes: 1 })))
    near(start, await common.init(keyFrom(4), seedFrom(toyData({ image, classes: 1 }))))
    near(await steps(own, start, [1, 0], 3), await steps(common, start, [1, 0], 3))
  })

  it("moves a class's own hallucinators as shared ones that see this class alone, and no others", async () => {
    const own = make({ sharing: perClass })
    const start = (await own.init(keyFrom(4), seedFrom(toyData({ image, classes: 3 })))) as Readonly<
      Record<string, Tree>
    >
    const ofClass = (tree: Tree, label: number): Tree =>
      mapTree((t: Tensor) => {
        const size = (3 * t.size) / t.shape[0]!
        const values = t.dataSync().slice(label * size, (label + 1) * size) as Float32Array
        return tensor(values, [3, ...t.shape.slice(1)])
      }, tree)
    const parts = { bases: start.bases!, hallucinators: ofClass(start.hallucinators!, 1) }
    const moved = (await steps(own, start, [2, 3], 2)) as Readonly<Record<string, Tree>>
    const alone = (await steps(make(), parts, [2, 3], 2)) as Readonly<Record<string, Tree>>
    near(moved.bases!, alone.bases!)
    near(ofClass(moved.hallucinators!, 1), alone.hallucinators!)
    for (const label of [0, 2]) near(ofClass(moved.hallucinators!, label), ofClass(start.hallucinators!, label))
  })

  it.each([
    [{ hallucinators: 0 }, 'at least 1 hallucinator, got 0'],
    [{ kernel: 7 }, 'a kernel of 1 … 6, got 7'],
    [{ kernel: 2, padding: 'same' as const }, 'an odd kernel with padding "same", got 2'],
    [{ layers: 3 }, 'layers that leave a map of at least 1 of 6 pixels, got 3 layers of kernel 3'],
    [{ layers: 0 }, 'at least 1 layer, got 0'],
    [{ basesPerClass: [1, 2] }, 'for each of 3 classes, got 1,2'],
    [{ basis: [0, 3, 1] as const }, 'a basis of [height, width, channels], got [0,3,1]'],
  ])('refuses %j', (options, message) => expect(() => make(options)).toThrow(message))
})
