import { testDataset } from '@haba/testing'
import { createHash } from 'node:crypto'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { identity } from './identity.js'
import { fashionMnist, mnist } from './mnist.js'

const digest = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex')

testDataset({ name: 'mnist', make: () => mnist(), sizes: { train: 60_000, test: 10_000 } })

describe('mnist', () => {
  it('is the published set', async () => {
    const data = await mnist({ preprocessing: identity() })
    expect(data).toMatchObject({ name: 'mnist', image: [28, 28, 1], classes: 10 })
    expect([data.train.labels.length, data.test.labels.length]).toEqual([60_000, 10_000])
    const pixels = (await data.test.images(Int32Array.from({ length: 10_000 }, (_, i) => i))).dataSync()
    const bytes = Uint8Array.from(pixels, (value) => Math.round(value * 255))
    // SHA-256 of the published files without their headers
    expect(digest(bytes)).toBe('6d87418db22cc8025d05968bec9bd5c3932904b23485740db143a061a2c9d161')
    expect(digest(Uint8Array.from(data.test.labels))).toBe(
      'ddeff807876a9661a1110d45c266c86239a3a1b7d37da0c3716a7a683c852ff5',
    )
    expect(digest(Uint8Array.from(data.train.labels))).toBe(
      '1feba77c54802fa5339a11837ea4b2866434b83314ec45192930f1df69120c13',
    )
    expect(Array.from(data.train.labels.subarray(0, 5))).toEqual([5, 0, 4, 1, 9])
  })

  it('is standardized unless told otherwise', async () => {
    const { preprocessing, train } = await mnist()
    expect(preprocessing).toMatchObject({ name: 'standardize', settings: { mean: [0.1307], std: [0.3081] } })
    const values = (await train.images(Int32Array.from({ length: 600 }, (_, i) => i * 100))).dataSync() as Float32Array
    expect(values.reduce((total, value) => total + value, 0) / values.length).toBeCloseTo(0, 1)
  })
})

describe('a folder of IDX files', () => {
  let folder: string
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'haba-mnist-'))
  })
  afterAll(() => rm(folder, { recursive: true }))

  const images = (count: number, side: number) =>
    Uint8Array.from([
      0,
      0,
      8,
      3,
      0,
      0,
      0,
      count,
      0,
      0,
      0,
      side,
      0,
      0,
      0,
      side,
      ...new Array(count * side * side).fill(255),
    ])
  const labels = (...values: number[]) => Uint8Array.from([0, 0, 8, 1, 0, 0, 0, values.length, ...values])
  const files = {
    'train-images-idx3-ubyte': images(2, 3),
    'train-labels-idx1-ubyte': labels(9, 0),
    't10k-images-idx3-ubyte.gz': gzipSync(images(1, 3)),
    't10k-labels-idx1-ubyte.gz': gzipSync(labels(4)),
  }
  const write = async (name: string, changed: Record<string, Uint8Array | undefined>) => {
    await mkdir(join(folder, name))
    for (const [file, bytes] of Object.entries({ ...files, ...changed }))
      if (bytes) await writeFile(join(folder, name, file), bytes)
    return join(folder, name)
  }

  it('is read, in part gzipped', async () => {
    const data = await fashionMnist({ folder: await write('good', {}) })
    expect(data).toMatchObject({ name: 'fashion-mnist', image: [3, 3, 1], classes: 10 })
    expect(data.train.labels).toEqual(Int32Array.of(9, 0))
    expect((await data.test.images(Int32Array.of(0))).dataSync()[0]).toBeCloseTo((1 - 0.2861) / 0.353, 5)
  })

  it.each<[string, Record<string, Uint8Array | undefined>, RegExp]>([
    ['label', { 'train-labels-idx1-ubyte': labels(9, 10) }, /train-labels-idx1-ubyte: expected labels 0 … 9, got 10/],
    ['count', { 'train-labels-idx1-ubyte': labels(9) }, /train-labels-idx1-ubyte: .*2 images and 1 labels/],
    ['missing', { 't10k-images-idx3-ubyte.gz': undefined }, /missing: expected t10k-images-idx3-ubyte or/],
    ['exchanged', { 'train-images-idx3-ubyte': labels(1) }, /train-images-idx3-ubyte: expected an IDX file of 3 axes/],
    ['sizes', { 't10k-images-idx3-ubyte.gz': gzipSync(images(1, 4)) }, /t10k.*expected images of 3×3.*got 4×4/],
  ])('names the file where it is wrong: %s', async (name, changed, message) => {
    await expect(write(name, changed).then((where) => mnist({ folder: where }))).rejects.toThrow(message)
  })
})
