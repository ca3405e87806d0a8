import { testDataset } from '@haba/testing'
import { zipSync } from 'fflate'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { npz, type NpzOptions } from './npz.js'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'haba-npz-'))
})
afterAll(() => rm(folder, { recursive: true }))

interface Written {
  readonly shape: readonly number[]
  readonly values: Uint8Array | Float32Array | Float64Array | BigInt64Array
  readonly type?: string
  readonly fortran?: boolean
}
const types = { Uint8Array: '|u1', Float32Array: '<f4', Float64Array: '<f8', BigInt64Array: '<i8' }

function npy({ shape, values, type, fortran = false }: Written): Uint8Array {
  const descr = type ?? types[values.constructor.name as keyof typeof types]
  const list = shape.length === 1 ? `${shape[0]},` : shape.join(', ')
  const text = `{'descr': '${descr}', 'fortran_order': ${fortran ? 'True' : 'False'}, 'shape': (${list}), }`.padEnd(117)
  const start = Buffer.from(`\u0093NUMPY\u0001\u0000\u0076\u0000${text}\n`, 'latin1')
  return Buffer.concat([start, Buffer.from(values.buffer, values.byteOffset, values.byteLength)])
}

async function write(name: string, arrays: Readonly<Record<string, Written>>): Promise<string> {
  const files = Object.entries(arrays).map(([each, array]) => [`${each}.npy`, npy(array)] as const)
  await writeFile(join(folder, name), zipSync(Object.fromEntries(files)))
  return join(folder, name)
}

const count = (n: number) => Uint8Array.from({ length: n }, (_, i) => i)
const images = (n: number, scale = 1): Written => ({ shape: [n, 2, 3], values: count(n * 6).map((v) => v * scale) })
const labels = (...values: readonly number[]): Written => ({
  shape: [values.length, 1],
  values: BigInt64Array.from(values, BigInt),
})
const keras = { x_train: images(3), y_train: labels(0, 2, 1), x_test: images(2, 10), y_test: labels(1, 2) }

async function bytes(data: Awaited<ReturnType<typeof npz>>, half: 'train' | 'test') {
  const values = await data[half].images(Int32Array.from(data[half].labels, (_, i) => i))
  return Array.from(values.dataSync(), (value) => Math.round(value * 255))
}
const quiet = (options: NpzOptions) => npz({ onWarning: () => {}, ...options })

testDataset({
  name: 'npz',
  make: async () => quiet({ file: await write('conforming.npz', keras) }),
  sizes: { train: 3, test: 2 },
})

describe('npz', () => {
  it('finds images and labels by the names that Keras gives them', async () => {
    const data = await quiet({ file: await write('digits.npz', keras) })
    expect(data).toMatchObject({ name: 'digits', image: [2, 3, 1], classNames: ['0', '1', '2'] })
    expect([...data.train.labels]).toEqual([0, 2, 1])
    expect(await bytes(data, 'train')).toEqual([...count(18)])
    expect(await bytes(data, 'test')).toEqual([...count(12)].map((v) => 10 * v))
    expect(data.warnings).toEqual(['test: no images of 1 of 3 classes: 0.'])
  })

  it('reads floats, channels first, and arrays of other names', async () => {
    // Image n, channel c, row y, column x: 24·n + 8·c + 4·y + x, of two images of [3, 2, 4].
    const values = Float32Array.from(count(48), (v) => v / 255)
    const pictures: Written = { shape: [2, 3, 2, 4], values }
    const names = { type: '|O', shape: [1], values: count(1) }
    const arrays = ['pictures', 'kinds', 'pictures', 'kinds']
    const file = await write('own.npz', { pictures, kinds: labels(1, 0), names })
    const data = await npz({ file, arrays, classNames: ['left', 'right'] })
    expect(data).toMatchObject({ image: [2, 4, 3], classNames: ['left', 'right'] })
    expect((await bytes(data, 'train')).slice(24, 33)).toEqual([24, 32, 40, 25, 33, 41, 26, 34, 42])
    const last = await npz({ file, arrays, channelsFirst: false })
    expect(last.image).toEqual([3, 2, 4])
  })

  it('takes val where there is no test, and holds test images out of one pair', async () => {
    const { x_test, y_test, ...train } = keras
    const val = await quiet({ file: await write('val.npz', { ...train, x_val: x_test, y_val: y_test }) })
    expect(val.warnings![0]).toBe('The test images are those of x_val.')
    const file = await write('one.npz', { x: images(4), y: labels(0, 0, 1, 1) })
    const held = await quiet({ file, testFraction: 0.5 })
    expect([[...held.train.labels], [...held.test.labels]]).toEqual([
      [0, 1],
      [0, 1],
    ])
    const all = [...(await bytes(held, 'train')), ...(await bytes(held, 'test'))].sort((a, b) => a - b)
    expect(all).toEqual([...count(24)])
    await expect(npz({ file })).rejects.toThrow(
      /one\.npz: expected arrays x_train, y_train, x_test, y_test, got x, y\. Name them with `arrays`.*`testFraction`/,
    )
  })

  it.each<[string, Readonly<Record<string, Written>>, RegExp]>([
    [
      'size',
      { x_test: { shape: [2, 3, 2], values: count(12) } },
      /x_test: expected images of 2×3×1 as in training, got 3×2×1/,
    ],
    [
      'shape',
      { x_train: { shape: [18], values: count(18) } },
      /x_train: expected images of shape \[images, height.*got \[18\]/,
    ],
    [
      'hot',
      { y_train: { shape: [3, 3], values: count(9) } },
      /y_train: expected labels of shape \[images\], got \[3,3\].*argmax/,
    ],
    [
      'few',
      { y_train: labels(0, 1) },
      /x_train and y_train: expected one label for each image of 2×3×1, got 3 images and 2/,
    ],
    [
      'fractions',
      { y_train: { shape: [3], values: Float64Array.of(0, 0.5, 1) } },
      /expected labels 0 … 2, got 0.5 for image 1/,
    ],
    ['type', { x_train: { ...images(3), type: '|O' } }, /x_train: expected an array of numbers, got '\|O'/],
    [
      'order',
      { x_train: { ...images(3), fortran: true } },
      /x_train: expected an array in C order, got one in Fortran/,
    ],
    ['length', { x_train: { ...images(3), shape: [4, 2, 3] } }, /x_train: expected 24 bytes of \[4,2,3\], got 18/],
    [
      'range',
      { x_train: { shape: [3, 2, 3], values: Float64Array.from(count(18), (v) => 20.5 * v) } },
      /x_train: .* got numbers from 0 to 348.5/,
    ],
  ])('names the array that is wrong: %s', async (name, changed, message) => {
    const file = await write(`${name}.npz`, { ...keras, ...changed })
    await expect(quiet({ file })).rejects.toThrow(message)
  })

  it('names a file that is none', async () => {
    await writeFile(join(folder, 'text.npz'), 'not a zip')
    await expect(npz({ file: join(folder, 'text.npz') })).rejects.toThrow(
      /text\.npz: expected an intact \.npz file, got /,
    )
    await expect(npz({ file: join(folder, 'none.npz') })).rejects.toThrow(
      /none\.npz: expected an intact .npz file, got ENOENT/,
    )
  })
})
