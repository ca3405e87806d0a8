import {
  adam,
  applyUpdates,
  mean,
  square,
  sub,
  valueAndGrad,
  type AdamState,
  fromNoise,
  keyFrom,
  tensor,
  type Parameterization,
  type Tree,
} from '@haba/core'
import { onnxEngine } from '@haba/engine-onnx'
import { referenceEngine, seedFrom, testParameterization, toyData } from '@haba/testing'
import type { Scalar, Tensor4D } from '@tensorflow/tfjs-core'
import { describe, expect, it } from 'vitest'
import { expectReference, readReference } from './expect-reference.fixture.js'
import { gaussians, type GaussiansOptions } from './gaussians.js'
import { splat, type Gaussians } from './splat.js'

const image = [4, 6, 2] as const
const make = (options: Partial<GaussiansOptions> = {}) =>
  gaussians({ image, classes: 2, perClass: 2, gaussians: 3, fitSteps: 3, ...options }) as Parameterization<Tree>
const real = toyData({ image, classes: 2, perClass: 20 })

testParameterization({ make: () => make(), real })
testParameterization({ make: () => make({ fitSteps: 0, start: fromNoise, perClass: [1, 2] }), real })

describe('gaussians', () => {
  const one = (center: readonly number[], cholesky: readonly number[], color: number, opacity: number): Gaussians => ({
    centers: tensor(center, [1, 1, 2]),
    cholesky: tensor(cholesky, [1, 1, 3]),
    colors: tensor([color], [1, 1, 1]),
    opacities: tensor([opacity], [1, 1, 1]),
  })
  const seen = async (params: Gaussians, height: number, width: number) => {
    const image = [height, width, 1] as const
    return [...(await referenceEngine().compile('splat', (x: Gaussians) => splat(x, image))(params)).dataSync()]
  }
  /** The mean of a pixel's samples. */
  const average = (of: (x: number, y: number) => number, x: number, y: number) =>
    [-0.25, 0.25].flatMap((dy) => [-0.25, 0.25].map((dx) => of(x + dx, y + dy))).reduce((a, b) => a + b) / 4

  it('has the value of its formula at every pixel', async () => {
    // The center of 2 × 3 pixels is (1.5, 1); L is (1 0 / 0.5 2), S = L Lᵀ + I/12.
    const [s11, s12, s22] = [1 + 1 / 12, 0.5, 4.25 + 1 / 12]
    const det = s11 * s22 - s12 * s12
    const at = (x: number, y: number) => {
      const [dx, dy] = [x - 1.5, y - 1]
      return 3 * Math.min(1, 0.8 * Math.exp((-0.5 * (s22 * dx * dx - 2 * s12 * dx * dy + s11 * dy * dy)) / det))
    }
    const got = await seen(one([0, 0], [0.5, 0.5, 1.5], 3, 0.8), 2, 3)
    const wanted = [0.5, 1.5].flatMap((y) => [0.5, 1.5, 2.5].map((x) => average(at, x, y)))
    wanted.forEach((v, i) => expect(got[i]).toBeCloseTo(v, 6))
  })

  it('reaches from -1 to 1, x along the width', async () => {
    const got = await seen(one([0.5, -0.5], [0, 0, 0], 1, 1), 2, 2)
    expect(got.indexOf(Math.max(...got))).toBe(1)
  })

  it('covers with at most its color', async () => {
    const got = await seen(one([0, 0], [20, 0, 20], 2, 5), 2, 2)
    got.forEach((v) => expect(v).toBeCloseTo(2, 6))
  })

  it('is never narrower than a pixel', async () => {
    const at = (x: number, y: number) => Math.exp(-0.5 * 12 * ((x - 0.5) ** 2 + (y - 0.5) ** 2))
    expect((await seen(one([0, 0], [-0.5, 0, -0.5], 1, 1), 1, 1))[0]).toBeCloseTo(average(at, 0.5, 0.5), 6)
  })

  it('agrees with a reference, image and gradient', async () => {
    const read = readReference('gaussians')
    const set = gaussians({ image: [6, 8, 3], classes: 1, perClass: 4, gaussians: 5 })
    const parts = ['centers', 'cholesky', 'colors', 'opacities']
    const params = Object.fromEntries(parts.map((part) => [part, read(`stored.${part}`)]))
    await expectReference(read, set as never, params, parts)
  })

  it('splats images in parts to the same values', async () => {
    const params = (await make().init(keyFrom(1), seedFrom(real))) as Gaussians
    const parts = referenceEngine().compile('parts', (x: Gaussians) => ({
      one: splat(x, image, 1),
      three: splat(x, image, 3 * 4 * 24 * 3),
      all: splat(x, image),
    }))
    const { one, three, all } = await parts(params)
    expect(all.shape).toEqual([4, ...image])
    expect([...one.dataSync()]).toEqual([...all.dataSync()])
    expect([...three.dataSync()]).toEqual([...all.dataSync()])
  })

  it('asks to be fitted to real images, unless told not to', () => {
    expect(make({ fitSteps: 20, fitRate: 0.1 }).fit).toEqual({ steps: 20, learningRate: 0.1 })
    expect(make({ fitSteps: 0 }).fit).toBeUndefined()
  })

  it('comes close to images that it can draw, fitted by Adam', async () => {
    const set = (perClass: number, each: number) =>
      gaussians({ image: [6, 6, 1], classes: 1, perClass, gaussians: each, start: fromNoise })
    const none = () => Promise.reject(new Error('noise needs no real images'))
    const engine = onnxEngine()
    const draw = engine.compile('draw', (x: Gaussians) => splat(x, [6, 6, 1]))
    const wanted = await draw(await set(3, 3).init(keyFrom(5), none))
    const optimizer = adam({ learningRate: 0.05 })
    const step = engine.compile('step', (at: Gaussians, before: AdamState, images: Tensor4D) => {
      const loss = (x: Gaussians) => mean(square(sub(splat(x, [6, 6, 1]), images))) as Scalar
      const { value, grad } = valueAndGrad(loss, at)
      const { updates, state } = optimizer.update(grad, before, at)
      return { value, at: applyUpdates(at, updates), state }
    })
    let at = await set(3, 6).init(keyFrom(1), none)
    let state = await engine.compile('start', (x: Gaussians) => optimizer.init(x))(at)
    const losses: number[] = []
    for (let i = 0; i < 300; i++) {
      const next = await step(at, state, wanted)
      losses.push(next.value.dataSync()[0]!)
      ;({ at, state } = next)
    }
    expect(losses.at(-1)).toBeLessThan(0.01 * losses[0]!)
  })

  it('stores as many images as fit into the floats of real ones', () => {
    const slots = (each: number, sides: readonly [number, number, number]) =>
      gaussians({ image: sides, classes: 10, imagesPerClass: 1, gaussians: each }).layout.slots
    expect([slots(22, [32, 32, 3]), slots(14, [28, 28, 1])]).toEqual([150, 80])
  })

  it.each([
    [{ gaussians: 0 }, 'gaussians: expected gaussians to be a whole number of at least 1, got 0.'],
    [{ fitSteps: -1 }, 'gaussians: expected fitSteps to be a whole number of at least 0, got -1.'],
    [{ fitRate: 0 }, 'gaussians: expected fitRate to be above 0, got 0.'],
    [{ imagesPerClass: 1 }, 'gaussians: expected either perClass or imagesPerClass, got both.'],
  ])('refuses %j', (options, message) => expect(() => make(options)).toThrow(message))
})
