import { copyFile, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { identity } from './identity.js'
import { readMat } from './mat.js'
import { npz } from './npz.js'
import { parquet } from './parquet.js'
import { svhn } from './svhn.js'

// Files of other programs, so that reader and writer do not share mistakes.
const here = (name: string) => fileURLToPath(new URL(name, import.meta.url))
const bytesOf = (values: ArrayLike<number>) => Array.from(values, (v) => Math.round(v * 255))

it('reads SVHN as scipy writes it', async () => {
  // scipy 1.17: savemat(file, {'X': X, 'y': [[1], [10], [9]]}, do_compression=True), uint8,
  // X[row, column, channel, image] = (7·row + 3·column + 50·channel + 90·image) mod 256
  const folder = await mkdtemp(join(tmpdir(), 'haba-scipy-'))
  for (const half of ['train', 'test'])
    await copyFile(here('svhn-scipy.test-data.mat'), join(folder, `${half}_32x32.mat`))
  const { train, test } = await svhn({ folder, preprocessing: identity() })
  await rm(folder, { recursive: true })
  expect([...train.labels]).toEqual([1, 0, 9])
  expect(test.labels).toEqual(train.labels)
  const got = bytesOf((await train.images(Int32Array.of(2))).dataSync())
  const wanted = Array.from(got, (_, i) => {
    const [row, column, channel] = [Math.floor(i / 96), Math.floor(i / 3) % 32, i % 3]
    return (7 * row + 3 * column + 50 * channel + 180) % 256
  })
  expect(got).toEqual(wanted)
})

it('reads the types of numbers that scipy writes', async () => {
  // scipy 1.17: savemat(file, {t: np.array([[1, 2], [100, 3]], t) for t in (…)}, do_compression=True)
  const arrays = await readMat(here('numbers-scipy.test-data.mat'))
  expect([...arrays.keys()]).toEqual([
    'int8',
    'uint8',
    'int16',
    'uint16',
    'int32',
    'uint32',
    'int64',
    'uint64',
    'float32',
    'float64',
    'bool',
  ])
  for (const [name, { shape, values }] of arrays)
    expect([name, shape, ...values]).toEqual([name, [2, 2], ...(name === 'bool' ? [1, 1, 1, 1] : [1, 100, 2, 3])])
})

it.each(['snappy', 'zstd'])('reads parquet as Hugging Face writes it, packed by %s', async (packing) => {
  // datasets 5.2: Dataset.from_dict({'img': …, 'label': [2, 0, 1, 1]}, Features(img=Image(), label=ClassLabel(names)))
  // .to_parquet(…), packed by pyarrow; image i is 6 × 5 with red 40·i, green 20·column, blue 30·row
  const file = here(`hugging-face-${packing}.test-data.parquet`)
  const data = await parquet({ train: [file], test: [file], imageColumn: 'img' })
  expect(data).toMatchObject({ image: [5, 6, 3], classNames: ['plane', 'car', 'bird'] })
  expect([...data.train.labels]).toEqual([2, 0, 1, 1])
  const got = bytesOf((await data.train.images(Int32Array.of(3))).dataSync())
  expect(got).toEqual(got.map((_, i) => [120, 20 * (Math.floor(i / 3) % 6), 30 * Math.floor(i / 18)][i % 3]))
})

it('reads .npz as NumPy writes it', async () => {
  // numpy 2.4: savez_compressed(file, train_images=X, train_labels=y, test_images=X[:1], test_labels=y[:1]),
  // X[image, row, column, channel] = 50·image + 20·row + 3·column + channel as uint8, y = [[1], [0]] as int64
  const data = await npz({ file: here('numpy.test-data.npz'), onWarning: () => {} })
  expect(data).toMatchObject({ image: [4, 5, 3], classes: 2 })
  expect([...data.train.labels]).toEqual([1, 0])
  const got = bytesOf((await data.train.images(Int32Array.of(1))).dataSync())
  expect(got).toEqual(got.map((_, i) => 50 + 20 * Math.floor(i / 15) + 3 * (Math.floor(i / 3) % 5) + (i % 3)))
})
