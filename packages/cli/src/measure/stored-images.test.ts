import { tensor, type Dataset, type RealSource } from '@haba/core'
import type { Tensor4D } from '@tensorflow/tfjs-core'
import { describe, expect, it } from 'vitest'
import { storageOf, storeAsBytes, storeAsJpeg } from './stored-images.js'

const image = [16, 16, 1] as const
const labels = Int32Array.from({ length: 200 }, (_, i) => i % 2)
/** Bytes of image i: a different ramp for each image. */
const byte = (i: number, at: number) => (i + 3 * (at % 16) + Math.floor(at / 16)) % 256
const train: RealSource = {
  image,
  classes: 2,
  labels,
  images: async (indices) =>
    tensor(
      Float32Array.from({ length: indices.length * 256 }, (_, i) => byte(indices[i >> 8]!, i & 255) / 127.5 - 1),
      [indices.length, ...image],
    ) as Tensor4D,
}
const data = {
  train,
  preprocessing: {
    name: 'centered',
    settings: {},
    apply: (pixels: Float32Array) => pixels.map((v) => 2 * v - 1),
    invert: (values: Float32Array) => values.map((v) => (v + 1) / 2),
  },
} as Pick<Dataset, 'train' | 'preprocessing'>

const first = async (perClass: readonly number[]) =>
  Int32Array.from(
    perClass.flatMap((count, label) => [...labels.keys()].filter((index) => labels[index] === label).slice(0, count)),
  )
const values = async (source: RealSource, rows: readonly number[]) => [
  ...(await (await source.images(Int32Array.from(rows))).data()),
]

describe('real images in a set’s bytes', () => {
  it('as uint8 are as many as fit, and come back as they were', async () => {
    const stored = await storeAsBytes(data, 10 * 256 + 2, first)
    expect(storageOf(stored)).toEqual({ floats: 2560, bytes: 2562 })
    expect([...stored.source.labels]).toEqual([0, 0, 0, 0, 0, 1, 1, 1, 1, 1])
    const [own, real] = [await values(stored.source, [7, 0]), await values(train, [5, 0])]
    own.forEach((value, i) => expect(value).toBeCloseTo(real[i]!, 5))
  })

  it('as JPEG are more where the quality is lower, and within the bytes', async () => {
    const counts = await Promise.all(
      [95, 5].map(async (quality) => {
        const stored = (await storeAsJpeg(data, 2562, quality, first))!
        expect(stored.bytes).toBeLessThanOrEqual(2562)
        const [own, real] = [await values(stored.source, [0]), await values(train, [stored.indices[0]!])]
        const worst = Math.max(...own.map((value, i) => Math.abs(value - real[i]!)))
        // High quality may keep a ramp exactly.
        expect(worst).toBeGreaterThan(quality === 5 ? 0 : -1)
        expect(worst).toBeLessThan(1.2)
        return stored.indices.length
      }),
    )
    expect(counts[1]).toBeGreaterThan(counts[0]!)
    expect(counts[0]).toBeGreaterThan(2)
  })

  it('as JPEG are none where not one of each class fits, and never more than there are', async () => {
    expect(await storeAsJpeg(data, 100, 50, first)).toBeUndefined()
    expect((await storeAsJpeg(data, 1e6, 50, first))!.indices.length).toBe(200)
  })
})
