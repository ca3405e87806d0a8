import '@tensorflow/tfjs-backend-cpu'
import { directEngine, foldIn, keyFrom, tensor, uniform, type Engine } from '@haba/core'
import { beforeAll, describe, expect, it } from 'vitest'
import { fitArrays } from './arrays.js'
import { channelsFirst } from './channels-first.js'
import { fitZca, zca } from './fit-zca.js'
import { standardize } from './standardize.js'
import { isZca, zcaFromTensors, zcaToTensors, type Zca } from './zca.js'

const image = [4, 3, 2] as const
const size = 24
const count = 50
const epsilon = 0.05

/** Neighboring pixels are correlated, as in pictures, and channels have different means. */
const pixels = (() => {
  const noise = uniform(foldIn(keyFrom(7), 'pixels'), count * size)
  return Float32Array.from(noise, (value, i) => (i % 2 === 0 ? 0.9 : 0.5) * (0.3 * value + 0.7 * noise[i - (i % 6)]!))
})()

/** Rows in the order `[channel, row, column]`, and their mean and unbiased covariance, in float64. */
const expected = (() => {
  const order = channelsFirst(image)
  const rows = Array.from({ length: count }, (_, r) => Array.from(order, (place) => pixels[r * size + place]!))
  const mean = Array.from({ length: size }, (_, i) => rows.reduce((total, row) => total + row[i]!, 0) / count)
  const entry = (i: number, j: number) =>
    rows.reduce((total, row) => total + (row[i]! - mean[i]!) * (row[j]! - mean[j]!), 0) / (count - 1)
  return { rows, mean, covariance: Array.from({ length: size }, (_, i) => mean.map((_, j) => entry(i, j))) }
})()

const matrix = (values: Float32Array) =>
  Array.from({ length: size }, (_, i) => Array.from(values.subarray(i * size, (i + 1) * size)))
const product = (a: number[][], b: number[][]) =>
  a.map((row) => row.map((_, j) => row.reduce((total, value, k) => total + value * b[k]![j]!, 0)))
const difference = (a: readonly number[], b: readonly number[]) =>
  Math.max(...a.map((value, i) => Math.abs(value - b[i]!)))
const unit = matrix(new Float32Array(size * size)).map((row, i) => row.map((_, j) => (i === j ? 1 : 0)))

let engine: Engine
let fitted: Zca
beforeAll(async () => {
  engine = await directEngine({ backend: 'cpu' })
  fitted = await fitZca({ pixels, image, epsilon, engine })
})

describe('fitZca', () => {
  it('takes the mean channels first', () => {
    expect(difference(Array.from(fitted.mean), expected.mean)).toBeLessThan(1e-6)
    expect(fitted.mean[0]! - fitted.mean[12]!).toBeGreaterThan(0.1) // otherwise a wrong order would pass
  })

  it('whitens: transform · (Σ + εI) · transform = I, with n - 1', () => {
    const t = matrix(fitted.transform)
    const raised = expected.covariance.map((row, i) => row.map((value, j) => value + (i === j ? epsilon : 0)))
    expect(difference(product(product(t, raised), t).flat(), unit.flat())).toBeLessThan(2e-5)
    expect(difference(product(t, matrix(fitted.inverse)).flat(), unit.flat())).toBeLessThan(2e-5)
    expect(
      difference(
        t.flat(),
        t[0]!.flatMap((_, j) => t.map((row) => row[j]!)),
      ),
    ).toBeLessThan(1e-5) // symmetric
  })

  it('applies and inverts channels-last images', () => {
    const values = fitted.apply(pixels, image)
    const centered = expected.rows[3]!.map((value, i) => value - expected.mean[i]!)
    const white = product([centered], matrix(fitted.transform))[0]!
    const order = channelsFirst(image)
    expect(
      difference(
        Array.from(order, (place) => values[3 * size + place]!),
        white,
      ),
    ).toBeLessThan(1e-5)
    expect(difference(Array.from(fitted.invert(values, image)), Array.from(pixels))).toBeLessThan(1e-5)
  })

  it('whitens a whole set as it whitens rows', async () => {
    const whole = await fitted.applyAll!({ pixels, image })
    expect(difference(Array.from(whole), Array.from(fitted.apply(pixels, image)))).toBeLessThan(1e-5)
  })

  it('gives the same from several chunks, the last one short', async () => {
    const many = 1500
    const repeated = Float32Array.from({ length: many * size }, (_, i) => pixels[i % pixels.length]!)
    const again = await fitZca({ pixels: repeated, image, epsilon, engine })
    const correction = (49 / 50) * (many / (many - 1)) // n - 1 differs
    const covariance = product(matrix(again.inverse), matrix(again.inverse))
    expect(covariance[2]![3]!).toBeCloseTo(expected.covariance[2]![3]! * correction, 5)
    const whole = await again.applyAll!({ pixels: repeated, image })
    expect(
      difference(Array.from(whole.slice(-size)), Array.from(again.apply(repeated.slice(-size), image))),
    ).toBeLessThan(1e-5)
  })

  it('comes back from its tensors', async () => {
    const restored = await zcaFromTensors({ tensors: zcaToTensors(fitted), epsilon })
    expect(restored.settings).toEqual(JSON.parse(JSON.stringify(fitted.settings)))
    expect(restored.apply(pixels, image)).toEqual(fitted.apply(pixels, image))
    expect(restored.applyAll).toBeUndefined()
  })

  it('refuses what it cannot whiten', async () => {
    await expect(fitZca({ pixels, image, epsilon: 0, engine })).rejects.toThrow(/epsilon above 0/)
    await expect(fitZca({ pixels, image: [7, 7, 1], engine })).rejects.toThrow(/two or more images of 49 values/)
    await expect(fitZca({ pixels: pixels.map(() => NaN), image, engine })).rejects.toThrow(/zca.*residual/)
    const flat = pixels.map((_, i) => (i % size) / size) // every image the same: Σ is 0, and ε alone remains
    await expect(fitZca({ pixels: flat, image, engine })).resolves.toBeDefined()
    expect(() => fitted.apply(pixels, [5, 5, 1])).toThrow(/images of 24 values, got 25/)
    const { mean, transform } = zcaToTensors(fitted)
    await expect(
      zcaFromTensors({ tensors: { mean, transform, inverse: tensor(fitted.inverse, [12, 48]) }, epsilon }),
    ).rejects.toThrow(/from one file/)
  })
})

describe('a data set with zca', () => {
  it('is fitted to training, read through the engine, and inverts', async () => {
    const split = (from: number, to: number) => ({
      pixels: Uint8Array.from(pixels.subarray(from * size, to * size), (value) => value * 255),
      labels: new Int32Array(to - from),
    })
    const [train, test] = [split(0, 40), split(40, 50)]
    const data = await fitArrays({ name: 'z', image, classNames: ['a'], train, test, preprocessing: zca({ engine }) })
    const alone = await fitZca({ pixels: train.pixels, image, engine })
    expect(isZca(data.preprocessing) && data.preprocessing.transform).toEqual(alone.transform)
    expect(isZca(standardize({ mean: [0], std: [1] }))).toBe(false)
    expect(data.preprocessing.settings).toMatchObject({ epsilon: 0.1 })
    const read = (await data.test.images(Int32Array.of(9, 2))).dataSync() as Float32Array
    const rows = [9, 2].flatMap((row) => Array.from(test.pixels.subarray(row * size, (row + 1) * size)))
    const back = data.preprocessing.invert(read, image)
    expect(Array.from(back, (value) => Math.round(value * 255))).toEqual(rows)
  })
})
