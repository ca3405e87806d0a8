import { keyFrom, rowsOf, storageOf, tensor, type Batch, type Parameterization, type Tree } from '@haba/core'
import { referenceEngine, testParameterization, toyData } from '@haba/testing'
import { describe, expect, it } from 'vitest'
import { expectReference, readReference } from './expect-reference.fixture.js'
import { fred, type FredOptions } from './fred.js'

const image = [4, 6, 2] as const
const make = (options: Partial<FredOptions> = {}) =>
  fred({ image, classes: 2, perClass: 2, coefficients: 5, maskImages: 8, ...options }) as Parameterization<Tree>
const real = toyData({ image, classes: 2, perClass: 20 })

testParameterization({ make: () => make(), real })
// A mask of more than one in ⌈log₂ 24⌉ positions is cheaper as a bitmap.
testParameterization({ make: () => make({ coefficients: 20, perClass: [1, 3] }), real })

/** Two images a class of one class, 2 × 2 pixels of one channel. */
const seed = (): Promise<Batch> =>
  Promise.resolve({
    images: tensor([4, 2, 2, 0, 0, 2, 2, 4], [2, 2, 2, 1]),
    targets: tensor([1, 1], [2, 1]),
  })
const tiny = (options: Partial<FredOptions>) =>
  fred({ image: [2, 2, 1], classes: 1, perClass: 2, coefficients: 2, maskImages: 2, ...options })

describe('fred', () => {
  it('keeps the frequencies that vary most, with the coefficients of real images', async () => {
    // Orthonormal: of (4 2 / 2 0) F = (4 2 / 2 0), of (0 2 / 2 4) F = (4 -2 / -2 0).
    const params = await tiny({}).init(keyFrom(1), seed)
    expect([...params.mask.dataSync()]).toEqual([1, 2])
    ;[2, 2, -2, -2].forEach((v, i) => expect(params.coefficients.dataSync()[i]).toBeCloseTo(v, 6))
  })

  it('renders the inverse DCT of what it stores', async () => {
    const set = tiny({})
    const params = await set.init(keyFrom(1), seed)
    const { images } = await referenceEngine().compile('render', set.render)(params, rowsOf(Int32Array.of(1, 0), 0))
    ;[-2, 0, 0, 2, 2, 0, 0, -2].forEach((v, i) => expect(images.dataSync()[i]).toBeCloseTo(v, 6))
  })

  it('gives images back where it keeps every coefficient', async () => {
    const set = fred({ image, classes: 2, perClass: 2, coefficients: 24, maskImages: 2 })
    const every = Int32Array.of(0, 1, 2, 3)
    const from = async (): Promise<Batch> => ({
      images: await real.images(every),
      targets: tensor(new Float32Array(8), [4, 2]),
    })
    const wanted = (await from()).images.dataSync()
    const params = await set.init(keyFrom(1), from)
    const seen = (await referenceEngine().compile('render', set.render)(params, rowsOf(every, 0))).images.dataSync()
    wanted.forEach((v, i) => expect(seen[i]).toBeCloseTo(v, 5))
  })

  it('agrees with a reference, image and gradient', async () => {
    const read = readReference('fred')
    const [slots, coefficients] = read('stored.coefficients').shape as [number, number]
    const set = fred({ image: [6, 8, 3], classes: slots / 2, perClass: 2, coefficients })
    // The file has a mask for each slot.
    const masks = read('stored.mask').dataSync<'int32'>()
    const mask = masks.filter((_, i) => Math.floor(i / coefficients) % 2 === 0)
    const params = { coefficients: read('stored.coefficients'), mask: tensor(mask, [slots / 2, coefficients]) }
    await expectReference(read, set as never, params, ['coefficients'])
  })

  it('chooses masks by no more images than the smallest class has', async () => {
    const asked: number[] = []
    const counted = (perClass: number) => (asked.push(perClass), seed())
    const set = tiny({ maskImages: 500 })
    await set.init(keyFrom(1), counted, 2)
    await set.init(keyFrom(1), counted)
    expect(asked).toEqual([2, 2, 500, 2])
  })

  it('stores as many images as fit into the floats of real ones', () => {
    const slots = (k: number, imagesPerClass: number) =>
      fred({ image: [32, 32, 3], classes: 10, imagesPerClass, coefficients: k }).layout.slots
    expect([slots(64, 1), slots(64, 10), slots(60, 1)]).toEqual([160, 1600, 170])
  })

  it('counts its masks in bits', () => {
    const set = fred({ image: [32, 32, 3], classes: 10, imagesPerClass: 1, coefficients: 64 })
    const { floats, bytes } = storageOf(set, set.zeros!())
    // Coefficients, masks of 64 positions of 10 bits a class, a byte for each class's number of images.
    expect([floats, bytes]).toEqual([30720, 4 * 30720 + (10 * 64 * 10) / 8 + 10])
  })

  it.each([
    [{ coefficients: 0 }, 'fred: expected coefficients to be a whole number of 1 … 24, got 0.'],
    [{ coefficients: 25 }, 'fred: expected coefficients to be a whole number of 1 … 24, got 25.'],
    [{ coefficients: 1.5 }, 'fred: expected coefficients to be a whole number of 1 … 24, got 1.5.'],
    [{ maskImages: 1 }, 'fred: expected maskImages to be a whole number of at least 2, got 1.'],
    [{ imagesPerClass: 1 }, 'fred: expected either perClass or imagesPerClass, got both.'],
    [{ perClass: undefined }, 'fred: expected either perClass or imagesPerClass, got neither.'],
    [
      { perClass: undefined, imagesPerClass: 0.1 },
      'fred: expected room for one stored image a class, 10 floats, got imagesPerClass 0.1, 4.8',
    ],
    [{ perClass: 0 }, 'fred: expected a whole number of at least 1'],
  ])('refuses %j', (options, message) => expect(() => make(options as Partial<FredOptions>)).toThrow(message))
})
