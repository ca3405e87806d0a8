import { testDataset } from '@haba/testing'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { cifar10, cifar100 } from './cifar.js'
import { cifar100Constants } from './constants.js'
import { identity } from './identity.js'
import { standardize } from './standardize.js'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'haba-cifar-'))
})
afterAll(() => rm(folder, { recursive: true }))

/** Label bytes, then the red, the green and the blue plane. */
const record = (labels: readonly number[], seed = 0) =>
  Uint8Array.from([...labels, ...Array.from({ length: 3072 }, (_, i) => ((i >> 10) * 80 + (i % 61) + seed) % 256)])
const lines = (count: number) => Buffer.from(Array.from({ length: count }, (_, i) => `class ${i}\n`).join('') + '\n')

const files10 = {
  ...Object.fromEntries([1, 2, 3, 4, 5].map((n) => [`data_batch_${n}.bin`, record([n], n)])),
  'test_batch.bin': Buffer.concat([record([9]), record([0], 5)]),
  'batches.meta.txt': lines(10),
}
const files100 = {
  'train.bin': Buffer.concat([record([19, 99]), record([3, 42], 1)]),
  'test.bin': record([0, 7]),
  'fine_label_names.txt': lines(100),
  'coarse_label_names.txt': lines(20),
}
const write = async (name: string, files: Record<string, Uint8Array | undefined>) => {
  await mkdir(join(folder, name))
  for (const [file, bytes] of Object.entries(files)) if (bytes) await writeFile(join(folder, name, file), bytes)
  return join(folder, name)
}

testDataset({
  name: 'cifar10',
  make: async () => cifar10({ folder: await write('conforming10', files10) }),
  sizes: { train: 5, test: 2 },
})
testDataset({
  name: 'cifar100',
  make: async () => cifar100({ folder: await write('conforming100', files100) }),
  sizes: { train: 2, test: 1 },
})

describe('cifar10', () => {
  it('reads batches in order, planes as channels', async () => {
    const data = await cifar10({ folder: await write('good', files10), preprocessing: identity() })
    expect(data).toMatchObject({ name: 'cifar10', image: [32, 32, 3], classes: 10 })
    expect(data.classNames[9]).toBe('class 9')
    expect(data.train.labels).toEqual(Int32Array.of(1, 2, 3, 4, 5))
    expect(data.test.labels).toEqual(Int32Array.of(9, 0))
    const pixels = (await data.train.images(Int32Array.of(3))).dataSync()
    const at = (row: number, column: number) => {
      const i = row * 32 + column
      return [0, 1, 2].map((channel) => (channel * 80 + ((channel * 1024 + i) % 61) + 4) % 256)
    }
    const read = (i: number) => Array.from(pixels.subarray(i * 3, i * 3 + 3), (value) => Math.round(value * 255))
    expect(read(0)).toEqual(at(0, 0))
    expect(read(7 * 32 + 5)).toEqual(at(7, 5))
  })

  it.each<[string, Record<string, Uint8Array | undefined>, RegExp]>([
    [
      'cut',
      { 'data_batch_3.bin': record([1]).subarray(0, 3000) },
      /data_batch_3.bin: expected records of 3073 bytes, got 3000/,
    ],
    ['label', { 'data_batch_4.bin': record([10]) }, /data_batch_4.bin: expected labels 0 … 9, got 10 for image 0/],
    ['missing', { 'test_batch.bin': undefined }, /test_batch.bin: expected a readable file.*binary version/],
    ['names', { 'batches.meta.txt': lines(9) }, /batches.meta.txt: expected 10 class names, one per line, got 9/],
  ])('names the file where it is wrong: %s', async (name, changed, message) => {
    await expect(write(name, { ...files10, ...changed }).then((where) => cifar10({ folder: where }))).rejects.toThrow(
      message,
    )
  })
})

describe('cifar100', () => {
  it('reads fine or coarse labels', async () => {
    const where = await write('hundred', files100)
    const fine = await cifar100({ folder: where })
    const coarse = await cifar100({ folder: where, labels: 'coarse' })
    expect([fine.classes, coarse.classes]).toEqual([100, 20])
    expect(fine.train.labels).toEqual(Int32Array.of(99, 42))
    expect(coarse.train.labels).toEqual(Int32Array.of(19, 3))
    const [a, b] = [await fine.test.images(Int32Array.of(0)), await coarse.test.images(Int32Array.of(0))]
    expect(a.dataSync()).toEqual(b.dataSync())
  })

  it("takes CIFAR10's constants, or its own where they are given", async () => {
    const where = await write('constants', files100)
    expect((await cifar100({ folder: where })).preprocessing.settings).toMatchObject({ mean: [0.4914, 0.4822, 0.4465] })
    const own = await cifar100({ folder: where, preprocessing: standardize(cifar100Constants) })
    expect((await own.test.images(Int32Array.of(0))).dataSync()[0]).toBeCloseTo((0 - 0.5071) / 0.2673, 5)
  })
})
