import { testDataset } from '@haba/testing'
import { describe, expect, it } from 'vitest'
import { fitArrays, fromArrays, type ArraysOptions } from './arrays.js'
import { standardize } from './standardize.js'

const image = [2, 1, 3] as const
const bytes = (images: number) => Uint8Array.from({ length: images * 6 }, (_, i) => (i * 37) % 256)
const options = {
  name: 'made-up',
  image,
  classNames: ['a', 'b'],
  train: { pixels: bytes(4), labels: [0, 1, 1, 0] },
  test: { pixels: Float32Array.from(bytes(2), (byte) => byte / 255), labels: [1, 0] },
  preprocessing: standardize({ mean: [0.1, 0.2, 0.3], std: [0.5, 0.25, 2] }),
} satisfies ArraysOptions

testDataset({ name: 'arrays', make: () => fromArrays(options), sizes: { train: 4, test: 2 } })

describe('fromArrays', () => {
  const data = fromArrays(options)

  it('has the sizes, classes and labels it was given', () => {
    expect(data).toMatchObject({ name: 'made-up', image, classes: 2, classNames: ['a', 'b'] })
    expect(data.train).toMatchObject({ image, classes: 2, labels: Int32Array.of(0, 1, 1, 0) })
    expect(data.test.labels).toEqual(Int32Array.of(1, 0))
  })

  it('reads rows in the order of the indices, repeats among them', async () => {
    const all = await data.train.images(Int32Array.of(0, 1, 2, 3))
    const some = await data.train.images(Int32Array.of(3, 1, 3))
    expect(some.shape).toEqual([3, ...image])
    const row = (i: number) => all.dataSync().subarray(i * 6, i * 6 + 6)
    expect(some.dataSync()).toEqual(Float32Array.of(...row(3), ...row(1), ...row(3)))
  })

  it('reads nothing where no index is given', async () => {
    expect((await data.train.images(new Int32Array(0))).shape).toEqual([0, ...image])
  })

  it('reads preprocessed pixels, which invert to the bytes', async () => {
    const values = (await data.train.images(Int32Array.of(2))).dataSync() as Float32Array
    expect(values[1]).toBeCloseTo((((13 * 37) % 256) / 255 - 0.2) / 0.25, 6)
    const back = data.preprocessing.invert(values, image)
    expect(Array.from(back, (value) => Math.round(value * 255))).toEqual(Array.from(bytes(4).subarray(12, 18)))
  })

  it('reads bytes and floats alike', async () => {
    const [a, b] = [await data.train.images(Int32Array.of(0, 1)), await data.test.images(Int32Array.of(0, 1))]
    expect(a.dataSync()).toEqual(b.dataSync())
  })

  it('hands every reader its own values', async () => {
    const [a, b] = [await data.test.images(Int32Array.of(0)), await data.test.images(Int32Array.of(0))]
    a.dataSync().fill(7)
    expect(b.dataSync()[0]).not.toBe(7)
  })

  it('refuses an index beyond the set', async () => {
    await expect(data.test.images(Int32Array.of(0, 2))).rejects.toThrow(
      /'made-up', test: expected indices 0 … 1, got 2/,
    )
  })

  it.each<[string, Partial<ArraysOptions>, RegExp]>([
    [
      'a label too high',
      { train: { pixels: bytes(2), labels: [0, 2] } },
      /train: expected labels 0 … 1, got 2 for image 1/,
    ],
    ['a broken label', { test: { pixels: bytes(1), labels: [0.5] } }, /test: expected labels 0 … 1, got 0.5/],
    ['other counts', { train: { pixels: bytes(3), labels: [0, 1] } }, /got 3 images and 2 labels/],
    ['an empty half', { test: { pixels: bytes(0), labels: [] } }, /got 0 images/],
    [
      'floats up to 255',
      { test: { pixels: new Float32Array(6).fill(9), labels: [0] } },
      /in \[0, 1\], got 9 in image 0/,
    ],
    ['no classes', { classNames: [] }, /at least one class name/],
    ['a flat image', { image: [2, 0, 3] }, /positive whole numbers/],
    ['unfit constants', { preprocessing: standardize({ mean: [0], std: [1] }) }, /images of 1 channels, got 3/],
    ['a named origin', { train: { pixels: bytes(1), labels: [9], origin: 'a.bin' } }, /^a\.bin: expected labels/],
  ])('refuses %s', (_, change, message) => {
    expect(() => fromArrays({ ...options, ...change })).toThrow(message)
  })
})

describe('fromArrays of little', () => {
  const train = { pixels: bytes(3), labels: [0, 2, 2] }

  it('needs no name, no class names and no test images', async () => {
    const data = fromArrays({ image, train })
    expect(data).toMatchObject({ name: 'arrays', classes: 3, classNames: ['0', '1', '2'] })
    expect('test' in data).toBe(false)
    expect((await data.train.images(Int32Array.of(1))).dataSync()[0]).toBeCloseTo(((6 * 37) % 256) / 255, 6)
    const largest = fromArrays({ image, train, test: { pixels: bytes(1), labels: [4] } })
    expect([largest.classes, largest.test.labels]).toEqual([5, Int32Array.of(4)])
    expect(() => fromArrays({ image, train: { pixels: bytes(1), labels: [NaN] } })).toThrow(/labels 0 … 0, got NaN/)
  })

  it('reads preprocessed images as they are', async () => {
    const pixels = Float32Array.of(-2, 3, 0.5, 8, 0, 1)
    const data = fromArrays({ image, train: { pixels, labels: [0] }, preprocessed: true })
    const read = (await data.train.images(Int32Array.of(0))).dataSync<'float32'>()
    expect(read).toEqual(pixels)
    // Without known pixels the range of the training images replaces them.
    expect(data.train.pixels).toBeUndefined()
    expect([...data.preprocessing.invert(read, image)]).toEqual([
      0,
      0.5,
      0.25,
      1,
      ...[2, 3].map((v) => Math.fround(v / 10)),
    ])
    const back = data.preprocessing.apply(data.preprocessing.invert(read, image), image)
    back.forEach((value, i) => expect(value).toBeCloseTo(pixels[i]!, 5))
  })

  it('leads preprocessed images back to pixels where their preprocessing is known', async () => {
    const preprocessing = standardize({ mean: [0.5, 0.5, 0.5], std: [0.25, 0.25, 0.25] })
    const pixels = Float32Array.of(-2, 2, 0, 1, -1, 0)
    const data = fromArrays({ image, train: { pixels, labels: [0] }, preprocessed: true, preprocessing })
    const read = (await data.train.images(Int32Array.of(0))).dataSync<'float32'>()
    expect(read).toEqual(pixels)
    expect([...data.preprocessing.invert(read, image)]).toEqual([0, 1, 0.5, 0.75, 0.25, 0.5])
  })

  it.each<[string, Float32Array | Uint8Array, RegExp]>([
    ['bytes', bytes(1), /train: expected preprocessed pixels as a Float32Array, got bytes/],
    ['numbers that are not finite', Float32Array.of(0, 1, NaN, 0, 0, 0), /finite values, got NaN at 2/],
  ])('refuses preprocessed %s', (_, pixels, message) => {
    expect(() => fromArrays({ image, train: { pixels, labels: [0] }, preprocessed: true })).toThrow(message)
  })

  it('refuses a test image that is not finite by its number', () => {
    const good = Float32Array.of(-2, 3, 0.5, 8, 0, 1)
    const test = { pixels: Float32Array.of(...good, 0, Infinity, 0, 0, 0, 0), labels: [0, 0] }
    const options = { image, train: { pixels: good, labels: [0] }, test, preprocessed: true }
    expect(() => fromArrays(options)).toThrow(/test: expected finite pixels, got Infinity in image 1/)
  })
})

describe('fitArrays', () => {
  it('fits to the training images alone', async () => {
    const seen: unknown[] = []
    const data = await fitArrays({
      ...options,
      preprocessing: async (train) => {
        seen.push(train)
        return standardize({ mean: [0, 0, 0], std: [2, 2, 2] })
      },
    })
    expect(seen).toEqual([{ pixels: bytes(4), image }])
    expect((await data.test.images(Int32Array.of(0))).dataSync()[1]).toBeCloseTo(37 / 255 / 2, 6)
  })

  it('checks before it fits', async () => {
    const train = { pixels: bytes(1), labels: [2] }
    const preprocessing = () => Promise.reject(new Error('fitted'))
    await expect(fitArrays({ ...options, train, preprocessing })).rejects.toThrow(/expected labels/)
  })
})
