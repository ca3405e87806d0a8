import { keyFrom, pixels, student, tensorLeaves, scalar, tensor, type RenderedSet, type Tree } from '@haba/core'
import { leakCheck, referenceEngine, tinyNetwork, toyData } from '@haba/testing'
import type { Scalar, Tensor4D } from '@tensorflow/tfjs-core'
import { describe, expect, it } from 'vitest'
import { fixedWeights, randomWeights } from './initial-weights.js'
import { testAsPrescribed } from './test-as-prescribed.js'

const real = toyData({ noise: 0.3 })
const network = tinyNetwork() as Parameters<typeof testAsPrescribed>[0]['network']
const engine = referenceEngine()

/** The first image of each class under one view, and empty images under a second. */
async function setOf(): Promise<RenderedSet> {
  const { layout } = pixels({ image: real.image, classes: 3, perClass: 1 })
  const images = (await real.images(Int32Array.from([0, 1, 2], (label) => real.labels.indexOf(label)))).dataSync()
  const both = new Float32Array(2 * images.length)
  both.set(images)
  return { layout: { ...layout, views: 2 }, images: both, targets: Float32Array.of(1, 0, 0, 0, 1, 0, 0, 0, 1) }
}
const prescription = (count: number, view: number, initial = randomWeights) => ({
  steps: Array.from({ length: count }, () => ({
    slots: Int32Array.of(0, 1, 2),
    views: new Int32Array(3).fill(view),
    learningRate: 0.3,
  })),
  initial,
})

describe('testAsPrescribed', () => {
  it('learns from the images that steps name, and from no others', async () => {
    const options = { engine, network, set: await setOf(), test: real, key: keyFrom(3), networks: 2 }
    let steps = 0
    const seen = await testAsPrescribed({ ...options, prescription: prescription(8, 0), onStep: () => steps++ })
    expect(steps).toBe(2 * 8)
    expect(Math.min(...seen)).toBeGreaterThan(0.8)
    const blank = await testAsPrescribed({ ...options, prescription: prescription(8, 1) })
    expect(Math.max(...blank)).toBeLessThan(0.6)
  })

  it.each([0, 0.9])('takes the steps of a student, momentum %d', async (momentum) => {
    const set = await setOf()
    const initial = fixedWeights(keyFrom(4))
    let seen: number[] = []
    const spy = {
      ...engine,
      compile: ((name: string, fn: never) => {
        const run = engine.compile(name, fn) as (...args: unknown[]) => Promise<unknown>
        return async (...args: unknown[]) => {
          const result = await run(...args)
          if (name.endsWith('/step'))
            seen = tensorLeaves((result as { next: { weights: Tree } }).next.weights).flatMap((t) => [...t.dataSync()])
          return result
        }
      }) as typeof engine.compile,
    }
    await testAsPrescribed({
      engine: spy,
      network,
      set,
      prescription: { ...prescription(2, 0, initial), momentum },
      test: real,
      key: keyFrom(1),
      networks: 1,
    })
    const images = tensor(set.images.slice(0, set.images.length / 2), [3, ...real.image]) as Tensor4D
    const targets = tensor(set.targets, [3, 3])
    const moved = await engine.compile('moved', (w: Tree, x: Tensor4D, rate: Scalar) => {
      const { start, step, weights } = student(network, momentum)
      const batch = { images: x, targets }
      return weights(step(step(start(w), batch, rate), batch, rate))
    })(initial(network, keyFrom(0)).weights, images, scalar(0.3))
    const wanted = tensorLeaves(moved).flatMap((t) => [...t.dataSync()])
    seen.forEach((v, i) => expect(v).toBeCloseTo(wanted[i]!, 6))
    expect(seen.length).toBe(wanted.length)
  })

  it('leaves no tensor behind', async () => {
    const set = await setOf()
    await leakCheck(async () => {
      await testAsPrescribed({
        engine,
        network,
        set,
        prescription: prescription(2, 0),
        test: real,
        key: keyFrom(3),
        networks: 1,
      })
    })
  })
})
