import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { deflateSync, gunzipSync, gzipSync, inflateSync } from 'node:zlib'
import { unzipSync, zipSync } from 'fflate'
import { imagesAsSet } from '@haba/cli'
import { cifar10, cifar100, fromArrays, mnist, npz, readIdx, readMat, svhn, tinyImageNet } from '@haba/datasets'
import { matFile } from '../../../packages/datasets/src/mat.test-data.js'
import { readNpy } from '../../../packages/datasets/src/npy.js'
import { draw } from '../../../packages/datasets/src/pictures.test-data.js'
import { anyBytes, numbersInText, type Mutation } from '../mutate-bytes.js'
import type { Reader } from '../reader.js'

const testData = (name: string) => readFile(new URL(`../../../packages/datasets/src/${name}`, import.meta.url))

/** A byte of deflate holds 1,032 bytes at most; they become 64-bit numbers, then images. */
const inflated = { multiple: 1032 * 24, besides: 2 ** 22 }
/** Bytes become 64-bit numbers, then images. */
const plain = { multiple: 40, besides: 2 ** 22 }

const within =
  (
    open: (bytes: Uint8Array) => Uint8Array,
    close: (bytes: Uint8Array) => Uint8Array,
  ): ((inner: Mutation) => Mutation) =>
  (inner) =>
  (bytes, random) =>
    new Uint8Array(close(inner(new Uint8Array(open(bytes)), random)))

export const inGzip = within(gunzipSync, (bytes) => gzipSync(bytes, { level: 1 }))

/** One of the files in a zip. */
export const inZip =
  (inner: Mutation): Mutation =>
  (bytes, random) => {
    const files = unzipSync(bytes)
    const name = random.pick(Object.keys(files))
    return zipSync({ ...files, [name]: inner(files[name]!, random) }, { level: random.pick([0, 1]) })
  }

/** The matrix inside of the first compressed element of a MATLAB file. */
const inMat: Mutation = (bytes, random) => {
  const length = new DataView(bytes.buffer, bytes.byteOffset).getUint32(132, true)
  const inside = anyBytes(new Uint8Array(inflateSync(bytes.subarray(136, 136 + length))), random)
  const packed = deflateSync(inside)
  const size = Buffer.alloc(4)
  size.writeUInt32LE(packed.length)
  return new Uint8Array(Buffer.concat([bytes.subarray(0, 132), size, packed, bytes.subarray(136 + length)]))
}

async function put(folder: string, files: Readonly<Record<string, Uint8Array | string>>): Promise<void> {
  for (const [name, bytes] of Object.entries(files)) {
    await mkdir(dirname(join(folder, name)), { recursive: true })
    await writeFile(join(folder, name), bytes)
  }
}

/** An IDX file of bytes. */
function idx(shape: readonly number[]): Uint8Array {
  const header = Buffer.alloc(4 + 4 * shape.length)
  header.set([0, 0, 8, shape.length])
  shape.forEach((length, axis) => header.writeUInt32BE(length, 4 + 4 * axis))
  const size = shape.reduce((product, length) => product * length, 1)
  return new Uint8Array(Buffer.concat([header, Uint8Array.from({ length: size }, (_, i) => i % 10)]))
}

const record = (labels: readonly number[]) =>
  Uint8Array.from([...labels, ...Array.from({ length: 3072 }, (_, i) => (i * 7) % 251)])
const lines = (count: number) => Buffer.from(Array.from({ length: count }, (_, i) => `class ${i}\n`).join(''))

export const arrayReaders: readonly Reader[] = [
  {
    name: 'IDX',
    async open(folder) {
      await put(folder, { idx: idx([3, 4, 5]), 'idx.gz': gzipSync(idx([3, 4, 5])) })
      const seeds = [
        { file: 'idx', mutations: [anyBytes] },
        { file: 'idx.gz', mutations: [anyBytes, inGzip(anyBytes)] },
      ]
      return { ...inflated, seeds, read: (file) => readIdx(file) }
    },
  },
  {
    name: 'MNIST',
    async open(folder) {
      const [images, labels] = [idx([4, 6, 5]), idx([4])]
      const halves = { 'train-images-idx3-ubyte': images, 'train-labels-idx1-ubyte.gz': gzipSync(labels) }
      await put(folder, { ...halves, 't10k-images-idx3-ubyte': images, 't10k-labels-idx1-ubyte': labels })
      const seeds = [
        { file: 'train-images-idx3-ubyte', mutations: [anyBytes] },
        { file: 'train-labels-idx1-ubyte.gz', mutations: [anyBytes, inGzip(anyBytes)] },
        { file: 't10k-labels-idx1-ubyte', mutations: [anyBytes] },
      ]
      return { ...inflated, seeds, read: () => mnist({ folder }) }
    },
  },
  {
    name: 'CIFAR10',
    async open(folder) {
      const batches = [1, 2, 3, 4, 5].map((n) => [`data_batch_${n}.bin`, record([n])] as const)
      await put(folder, {
        ...Object.fromEntries(batches),
        'test_batch.bin': record([9]),
        'batches.meta.txt': lines(10),
      })
      const seeds = ['data_batch_3.bin', 'test_batch.bin', 'batches.meta.txt'].map((file) => ({
        file,
        mutations: [anyBytes],
      }))
      return { ...plain, seeds, read: () => cifar10({ folder }) }
    },
  },
  {
    name: 'CIFAR100',
    async open(folder) {
      await put(folder, {
        'train.bin': record([19, 99]),
        'test.bin': record([0, 7]),
        'fine_label_names.txt': lines(100),
      })
      const seeds = ['train.bin', 'test.bin', 'fine_label_names.txt'].map((file) => ({ file, mutations: [anyBytes] }))
      return { ...plain, seeds, read: () => cifar100({ folder }) }
    },
  },
  {
    name: 'NPY',
    async open() {
      const arrays = unzipSync(await testData('numpy.test-data.npz'))
      const mutations = [anyBytes, numbersInText]
      const seeds = Object.values(arrays).map((bytes) => ({ file: 'array.npy', bytes, mutations }))
      return { ...plain, seeds, read: async (file) => readNpy(new Uint8Array(await readFile(file)), file) }
    },
  },
  {
    name: 'NPZ',
    async open(folder) {
      await put(folder, { 'arrays.npz': new Uint8Array(await testData('numpy.test-data.npz')) })
      const names = Object.keys(unzipSync(await testData('numpy.test-data.npz')))
      const mutations = [anyBytes, inZip(anyBytes), inZip(numbersInText), inZip(numbersInText)]
      const read = (file: string) =>
        npz({ file, onWarning: () => {}, arrays: names.slice(0, 4).map((n) => n.replace('.npy', '')) })
      return { ...inflated, seeds: [{ file: 'arrays.npz', mutations }], read }
    },
  },
  {
    name: 'set of images',
    async open(folder, made) {
      await put(folder, { 'set.npz': new Uint8Array(await readFile(join(made, 'exported/set.npz'))) })
      const half = { pixels: new Uint8Array(192), labels: [0] }
      const data = fromArrays({ image: [8, 8, 3], classNames: ['ant', 'bee'], train: half, test: half })
      const mutations = [anyBytes, inZip(anyBytes), inZip(numbersInText), inZip(numbersInText)]
      return { ...inflated, seeds: [{ file: 'set.npz', mutations }], read: (file) => imagesAsSet(file, data) }
    },
  },
  {
    name: 'MAT',
    async open(folder) {
      const values = Uint8Array.from({ length: 24 }, (_, i) => i)
      const arrays = [
        { name: 'X', shape: [2, 3, 4], values },
        { name: 'long_name', shape: [3, 1], values: Float64Array.of(1, 2, 3) },
        { name: 'n', shape: [2, 1], values: BigInt64Array.of(1n, -2n) },
      ]
      await put(folder, { 'packed.mat': matFile(arrays), 'plain.mat': matFile(arrays, { compressed: false }) })
      await put(folder, { 'scipy.mat': new Uint8Array(await testData('numbers-scipy.test-data.mat')) })
      const seeds = [
        { file: 'packed.mat', mutations: [anyBytes, inMat, inMat] },
        { file: 'plain.mat', mutations: [anyBytes] },
        { file: 'scipy.mat', mutations: [anyBytes] },
      ]
      return { ...inflated, seeds, read: (file) => readMat(file) }
    },
  },
  {
    name: 'SVHN',
    async open(folder) {
      const half = new Uint8Array(await testData('svhn-scipy.test-data.mat'))
      await put(folder, { 'train_32x32.mat': half, 'test_32x32.mat': half })
      const seeds = ['train_32x32.mat', 'test_32x32.mat'].map((file) => ({ file, mutations: [anyBytes, inMat] }))
      return { ...inflated, besides: 2 ** 23, seeds, read: () => svhn({ folder }) }
    },
  },
  {
    name: 'Tiny ImageNet',
    async open(folder) {
      for (const file of ['train/n01/images/a.JPEG', 'train/n02/images/b.JPEG', 'val/images/c.JPEG'])
        await draw(join(folder, file), { color: [1, 2, 3] })
      await put(folder, {
        'val/val_annotations.txt': 'c.JPEG\tn02\t0\t0\t9\t9\n',
        'words.txt': 'n01\tcrane, bird\nn02\tfish\n',
      })
      const seeds = ['val/val_annotations.txt', 'words.txt'].map((file) => ({ file, mutations: [anyBytes] }))
      return { ...plain, seeds, read: () => tinyImageNet({ folder }) }
    },
  },
]
