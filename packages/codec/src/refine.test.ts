import {
  grad,
  keyFrom,
  namedLeaves,
  rowsOf,
  square,
  storageOf,
  sub,
  sum,
  tensor,
  withTensors,
  type Parameterization,
  type Tree,
} from '@haba/core'
import { expectGradient, leakCheck, referenceEngine, seedFrom, tinyNetwork, toyData, toySet } from '@haba/testing'
import type { Scalar, Tensor } from '@tensorflow/tfjs-core'
import { describe, expect, it } from 'vitest'
import { encodeTensors, decodeTensors, quantizeTensors, type Quantized } from './codec.js'
import { waves } from './numbers.test-data.js'
import { decodedSet, featureError, refine } from './refine.js'
import { rounded } from './rounded.js'

const real = toyData({ image: [8, 8, 1] })
const parameterization = toySet({ image: real.image, classes: real.classes, views: 2 })
const network = tinyNetwork({ image: real.image, classes: real.classes })
const params = (await parameterization.init(keyFrom(1), seedFrom(real))) as unknown as Tree
const options = { bits: 2, patch: 4, groups: 4 }
const of = { ...parameterization }
/** Runs ops without a tfjs backend. */
const run = <R extends Tree>(fn: () => R): Promise<R> => referenceEngine().compile('test', fn)()
const valuesOf = async (fn: () => Tensor) => [...(await run(fn)).dataSync()]

/** Converts a derivative with respect to levels to one with respect to values. */
const inValues = (g: Tensor, step: Tensor) => {
  const steps = step.dataSync()
  return tensor(
    Float32Array.from(g.dataSync(), (value, i) => value / steps[i]!),
    g.shape,
  )
}

describe('refine', () => {
  it('refuses coefficients', async () => {
    const coefficients = quantizeTensors(namedLeaves(params), { transform: 'dct' })
    const refined = refine({
      engine: referenceEngine(),
      key: keyFrom(2),
      network,
      parameterization: of,
      params,
      quantized: coefficients,
      steps: 1,
    })
    await expect(refined).rejects.toThrow('refine: expected levels of values, got coefficients of')
  })

  const quantized = quantizeTensors(namedLeaves(params), options) as ReadonlyMap<string, Quantized>

  it('lessens what other networks see of the rounding, with the scales that are stored', async () => {
    const engine = referenceEngine()
    const errors: number[] = []
    const refined = await refine({
      engine,
      key: keyFrom(2),
      network,
      parameterization: of,
      params,
      quantized,
      steps: 80,
      onStep: (_, error) => errors.push(error),
    })
    expect(errors).toHaveLength(80)
    expect(refined.after).toBeLessThan(0.99 * refined.before)
    // One program per function, independent of the number of steps.
    expect(engine.stats.compilations).toBe(3)
    const moved = [...refined.quantized].flatMap(([path, { levels, scales }]) => {
      expect(scales).toBe(quantized.get(path)!.scales)
      expect(Math.max(...levels)).toBeLessThanOrEqual(3)
      return [...levels].filter((level, i) => level !== quantized.get(path)!.levels[i])
    })
    expect(moved.length).toBeGreaterThan(0)
    const { stored } = encodeTensors(namedLeaves(params), options, refined.quantized)
    const back = decodeTensors(stored)
    const rows = rowsOf(
      Int32Array.from({ length: parameterization.layout.slots }, (_, i) => i),
      1,
    )
    const drawn = network.init(keyFrom(77))
    const error = async (tensors: ReadonlyMap<string, Tensor>) =>
      (
        await valuesOf(() =>
          featureError(
            { network, parameterization: of },
            params,
            withTensors(
              params,
              [...namedLeaves(params).keys()].map((path) => tensors.get(path)!),
            ),
            rows,
            drawn,
          ),
        )
      )[0]!
    const plain = decodeTensors(encodeTensors(namedLeaves(params), options).stored)
    expect(await error(back)).toBeLessThan(await error(plain))
  })

  it('is the same each time, and leaves no tensor behind', async () => {
    const refined = () =>
      refine({ engine: referenceEngine(), key: keyFrom(3), network, parameterization: of, params, quantized, steps: 3 })
    const levels = async () => [...(await refined()).quantized].map(([path, one]) => [path, [...one.levels]])
    const first = await levels()
    await leakCheck(async () => expect(await levels()).toEqual(first))
  })

  it('refuses to take no step', async () => {
    const none = {
      engine: referenceEngine(),
      key: keyFrom(3),
      network,
      parameterization: of,
      params,
      quantized,
      steps: 0,
    }
    await expect(refine(none)).rejects.toThrow('refine: expected at least 1 step, got 0.')
  })

  it('has the gradient of the difference at the rounded values, by finite differences', async () => {
    const rows = rowsOf(Int32Array.of(0, 2), 1)
    const drawn = network.init(keyFrom(5))
    const scaling = {
      step: {} as Record<string, Tensor>,
      low: {} as Record<string, Tensor>,
      top: {} as Record<string, number>,
    }
    const positions: Record<string, Tensor> = {}
    for (const [path, { scales, levels }] of quantized) {
      const { shape } = namedLeaves(params).get(path)!
      const each = (values: Float32Array) =>
        tensor(
          Float32Array.from(scales.patches.of, (p) => values[scales.pairOf[p]!]!),
          shape,
        )
      scaling.step[path] = each(scales.step)
      scaling.low[path] = each(scales.low)
      scaling.top[path] = 3
      positions[path] = tensor(
        Float32Array.from(levels, (level, i) => level + (i % 5) / 12 - 0.2),
        shape,
      )
    }
    const error = (decoded: Tree) => featureError({ network, parameterization: of }, params, decoded, rows, drawn)
    const own = await run(() => grad((p: typeof positions) => error(decodedSet(params, p, scaling)), positions))
    const decoded = await run(() => decodedSet(params, positions, scaling))
    const coded = Object.fromEntries(Object.keys(positions).map((path) => [path, namedLeaves(decoded).get(path)!]))
    expectGradient({
      fn: (values: typeof coded) =>
        error(
          withTensors(
            params,
            [...namedLeaves(params)].map(([path, t]) => values[path] ?? t),
          ),
        ),
      at: coded,
      gradient: Object.fromEntries(Object.entries(own).map(([path, g]) => [path, inValues(g, scaling.step[path]!)])),
    })
  })
})

describe('rounded', () => {
  const rows = rowsOf(Int32Array.of(1, 0), 1)

  it('renders what encoding leaves, but for shared and refitted scales, and stores as much', async () => {
    const seen = rounded(parameterization, { bits: 8, patch: 4, groups: 0 })
    const stored = encodeTensors(namedLeaves(params), { bits: 8, patch: 4, groups: 0 }).stored
    const back = withTensors(params, [...decodeTensors(stored).values()])
    const images = await valuesOf(() => parameterization.render(back as never, rows).images)
    const plain = await valuesOf(() => parameterization.render(params as never, rows).images)
    const own = await valuesOf(() => seen.render(params as never, rows).images)
    own.forEach((value, i) => expect(Math.abs(value - images[i]!)).toBeLessThan(0.05))
    expect(own).not.toEqual(plain)
    expect(storageOf(seen, params as never)).toEqual(storageOf(parameterization, params as never))
  })

  it('rounds patches between their minimum and maximum, and passes the derivative on', async () => {
    const row = [0, 0.2, 0.5, 1, 3, 3, 3, 3, -1, 0, 0, 5]
    const x = tensor(
      Array.from({ length: 120 }, (_, i) => row[i % 12]!),
      [120],
    )
    const bare = {
      ...parameterization,
      render: ({ x: images }: { x: Tensor }) => ({ images, targets: images }),
    } as unknown as Parameterization<{ x: Tensor }>
    const set = rounded(bare, { bits: 1, patch: 2, groups: 0 })
    const images = await valuesOf(() => set.render({ x }, rows).images)
    expect(images.slice(0, 12)).toEqual([0, 0, 1, 1, 3, 3, 3, 3, -1, -1, -1, 5].map((v) => expect.closeTo(v, 5)))
    const gradient = await run(() =>
      grad((p: { x: Tensor }) => sum(square(sub(set.render(p, rows).images, 2))) as Scalar, { x }),
    )
    gradient.x.dataSync().forEach((g, i) => expect(g).toBeCloseTo(2 * (images[i]! - 2), 4))
  })

  it('renders the coefficients that encoding leaves, and passes the derivative on', async () => {
    const x = waves([3, 12, 10, 3])
    const bare = {
      ...parameterization,
      render: ({ x: images }: { x: Tensor }) => ({ images, targets: images }),
    } as unknown as Parameterization<{ x: Tensor }>
    const coding = { transform: 'dct', block: 6, step: 0.4 } as const
    const set = rounded(bare, coding)
    const images = await valuesOf(() => set.render({ x }, rows).images)
    const back = decodeTensors(encodeTensors(new Map([['x', x]]), coding).stored)
      .get('x')!
      .dataSync()
    // Stored cosines are multiples of 1/1024.
    images.forEach((value, i) => expect(Math.abs(value - back[i]!)).toBeLessThan(0.01))
    expect(images.some((value, i) => Math.abs(value - x.dataSync()[i]!) > 0.1)).toBe(true)
    const gradient = await run(() =>
      grad((p: { x: Tensor }) => sum(square(sub(set.render(p, rows).images, 2))) as Scalar, { x }),
    )
    gradient.x.dataSync().forEach((g, i) => expect(g).toBeCloseTo(2 * (images[i]! - 2), 4))
  })
})
