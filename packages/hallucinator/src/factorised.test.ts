import {
  applyUpdates,
  keyFrom,
  mapTree,
  rowsOf,
  sgd,
  square,
  sum,
  swish,
  tensor,
  tensorLeaves,
  valueAndGrad,
  type Parameterization,
  type Tree,
} from '@haba/core'
import { referenceEngine, seedFrom, testParameterization, toyData } from '@haba/testing'
import type { Scalar, Tensor } from '@tensorflow/tfjs-core'
import { describe, expect, it } from 'vitest'
import { factorised, perClass, shared, type FactorisedOptions } from './factorised.js'

const image = [6, 6, 2] as const
const make = (options: Partial<FactorisedOptions> = {}) =>
  factorised({ image, classes: 3, basesPerClass: 2, hallucinators: 3, ...options }) as unknown as Parameterization<Tree>

testParameterization({ make: () => make() })
testParameterization({
  make: () => ({ ...make({ basis: [4, 3, 1], activation: swish, kernel: 2, hidden: 3 }), name: 'small bases' }),
})
testParameterization({ make: () => make({ basesPerClass: [1, 2, 3], sharing: perClass }) })

describe('factorised', () => {
  const real = toyData({ image: [32, 32, 3], classes: 10, perClass: 3 })
  const floats = async (options: Partial<FactorisedOptions>) => {
    const set = factorised({ image: [32, 32, 3], classes: 10, basesPerClass: 1, ...options })
    return set.storage(await set.init(keyFrom(1), seedFrom(real))).floats
  }

  it('stores what the paper counts (spec §6.8)', async () => {
    expect(await floats({})).toBe(58_560)
    expect(await floats({ basis: [32, 32, 1], basesPerClass: 3 })).toBe(58_290)
    expect(await floats({ sharing: perClass })).toBe(10 * 3072 + 50 * 5568)
  })

  it('gives a class its own hallucinators the same images as shared ones with the same weights', async () => {
    const own = factorised({ image, classes: 1, basesPerClass: 2, hallucinators: 3, sharing: perClass })
    const common = factorised({ image, classes: 1, basesPerClass: 2, hallucinators: 3 })
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
    const optimizer = sgd({ rate: 0.1, momentum: 0.5 })
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
    [{ basesPerClass: [1, 2] }, 'for each of 3 classes, got 1,2'],
    [{ basis: [0, 3, 1] as const }, 'a basis of [height, width, channels], got [0,3,1]'],
  ])('refuses %j', (options, message) => expect(() => make(options)).toThrow(message))
})
