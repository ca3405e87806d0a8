import { keyFrom, rowsOf, storageOf, tensor, type Parameterization, type Tree } from '@haba/core'
import { referenceEngine, testParameterization } from '@haba/testing'
import { describe, expect, it } from 'vitest'
import { expectReference, readReference } from './expect-reference.fixture.js'
import { rtp, type RtpOptions, type RtpParams } from './rtp.js'

const image = [6, 8, 2] as const
const make = (options: Partial<RtpOptions> = {}) =>
  rtp({ image, classes: 2, bases: 3, addresses: 2, ...options }) as Parameterization<Tree>
const noImages = () => Promise.reject(new Error('RTP starts without real images'))

testParameterization({ make: () => make() })
testParameterization({ make: () => make({ bases: 4, downsample: 1, addresses: 1 }) })

describe('rtp', () => {
  it('adds up bases by the address of a class, and enlarges the sum', async () => {
    const set = rtp({ image: [2, 4, 1], classes: 2, bases: 2, addresses: 2 })
    expect([...set.layout.labels]).toEqual([0, 0, 1, 1])
    const params: RtpParams = {
      bases: tensor([1, 2, 10, 30], [2, 1, 2, 1]),
      // Address 0: class 0 takes basis 0, class 1 basis 1; address 1: their sum, and basis 1 less twice basis 0.
      addresses: tensor([1, 0, 0, 1, 1, 1, -2, 1], [2, 2, 2]),
    }
    const { images, targets } = await referenceEngine().compile('render', set.render)(
      params,
      rowsOf(Int32Array.of(0, 1, 2, 3), 0),
    )
    // A row a b becomes a, ¾a + ¼b, ¼a + ¾b, b, twice.
    const row = (a: number, b: number) => [a, 0.75 * a + 0.25 * b, 0.25 * a + 0.75 * b, b]
    const wanted = [row(1, 2), row(11, 32), row(10, 30), row(8, 26)].flatMap((one) => [...one, ...one])
    wanted.forEach((v, i) => expect(images.dataSync()[i]).toBeCloseTo(v, 5))
    expect([...targets.dataSync()]).toEqual([1, 0, 1, 0, 0, 1, 0, 1])
  })

  it('has the values and gradients of the reference', async () => {
    const read = readReference('rtp')
    const set = rtp({ image: [6, 8, 3], classes: 2, bases: 3, addresses: 5 })
    const stored = { bases: read('stored.bases'), addresses: read('stored.addresses') }
    await expectReference(read, set as never, stored, ['bases', 'addresses'])
  })

  it('starts Xavier uniform', async () => {
    const set = rtp({ image: [32, 32, 3], classes: 10, imagesPerClass: 1 })
    const { bases, addresses } = await set.init(keyFrom(1), noImages)
    for (const [part, bound] of [
      [bases, Math.sqrt(6 / (16 + 768))],
      [addresses, Math.sqrt(6 / (1150 + 16))],
    ] as const) {
      const values = part.dataSync<'float32'>()
      const [least, most] = [Math.min(...values), Math.max(...values)]
      expect(most).toBeLessThanOrEqual(bound)
      expect(least).toBeGreaterThanOrEqual(-bound)
      // Of a few thousand uniform values the outermost come near the bounds, and the mean near 0.
      expect(Math.min(most, -least)).toBeGreaterThan(0.99 * bound)
      expect(Math.abs(values.reduce((total, v) => total + v, 0) / values.length)).toBeLessThan(0.05 * bound)
    }
  })

  it('has as many addresses as fit into the floats of real images', async () => {
    const set = rtp({ image: [32, 32, 3], classes: 10, imagesPerClass: 1 })
    // As published: 115 images a class of CIFAR-10.
    expect(set.layout.slots).toBe(1150)
    const { floats, bytes } = storageOf(set, await set.init(keyFrom(1), noImages))
    expect(floats).toBe(16 * 768 + 115 * 10 * 16)
    expect(floats).toBeLessThanOrEqual(30720)
    expect(bytes).toBe(4 * floats + 10)
    // MNIST: ⌊(7840 - 16 · 196) / 160⌋.
    expect(rtp({ image: [28, 28, 1], classes: 10, imagesPerClass: 1 }).layout.slots).toBe(290)
  })

  it.each([
    [{ bases: 0 }, 'rtp: expected bases to be a whole number of at least 1, got 0.'],
    [{ downsample: 4 }, 'rtp: expected a downsample that divides 6 × 8 pixels, got 4.'],
    [{ addresses: 1.5 }, 'rtp: expected addresses to be a whole number of at least 1, got 1.5.'],
    [{ imagesPerClass: 1 }, 'rtp: expected either addresses or imagesPerClass, got both.'],
  ] as const)('refuses %o', (options, message) => expect(() => make(options)).toThrow(message))

  it('refuses neither count, and a budget without room for an address', () => {
    const own = { image, classes: 2, bases: 3 }
    expect(() => rtp(own)).toThrow('rtp: expected either addresses or imagesPerClass, got neither.')
    // Bases of 24 floats: 72 of 77 floats are theirs, and an address is 6.
    expect(() => rtp({ ...own, imagesPerClass: 77 / 192 })).toThrow(
      'rtp: expected room for 3 bases of 24 floats and one address of 6, got imagesPerClass',
    )
    expect(rtp({ ...own, imagesPerClass: 78 / 192 }).layout.slots).toBe(2)
  })
})
