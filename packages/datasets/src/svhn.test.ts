import { testDataset } from '@haba/testing'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { identity } from './identity.js'
import { matFile } from './mat.test-data.js'
import { svhn } from './svhn.js'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'haba-svhn-'))
})
afterAll(() => rm(folder, { recursive: true }))

/** A byte that encodes image, row, column and channel. */
const byte = (n: number, y: number, x: number, c: number) => (n * 90 + y * 7 + x * 3 + c * 50) % 256

function half(digits: readonly number[], side = 32): Buffer {
  const values = new Uint8Array(digits.length * side * side * 3)
  let i = 0
  for (let n = 0; n < digits.length; n++)
    for (let c = 0; c < 3; c++)
      for (let x = 0; x < side; x++) for (let y = 0; y < side; y++) values[i++] = byte(n, y, x, c)
  return matFile([
    { name: 'X', shape: [side, side, 3, digits.length], values },
    { name: 'y', shape: [digits.length, 1], values: Uint8Array.from(digits) },
  ])
}
const files = { 'train_32x32.mat': half([1, 10, 9]), 'test_32x32.mat': half([10, 3]) }
const write = async (name: string, changed: Record<string, Uint8Array | undefined> = {}) => {
  await mkdir(join(folder, name))
  for (const [file, bytes] of Object.entries({ ...files, ...changed }))
    if (bytes) await writeFile(join(folder, name, file), bytes)
  return join(folder, name)
}

testDataset({
  name: 'svhn',
  make: async () => svhn({ folder: await write('conforming') }),
  sizes: { train: 3, test: 2 },
})

describe('svhn', () => {
  it('reads columns as columns, planes as channels, and the digit 0 as class 0', async () => {
    const data = await svhn({ folder: await write('good'), preprocessing: identity() })
    expect(data).toMatchObject({ name: 'svhn', image: [32, 32, 3], classes: 10 })
    expect(data.train.labels).toEqual(Int32Array.of(1, 0, 9))
    expect(data.test.labels).toEqual(Int32Array.of(0, 3))
    const pixels = (await data.train.images(Int32Array.of(2))).dataSync()
    const at = (y: number, x: number, c: number) => Math.round(pixels[(y * 32 + x) * 3 + c]! * 255)
    for (const [y, x, c] of [
      [0, 0, 0],
      [5, 17, 1],
      [31, 2, 2],
    ] as const)
      expect(at(y, x, c)).toBe(byte(2, y, x, c))
  })

  const digits = (values: Float64Array, labels = BigInt64Array.of(3n, 10n)) =>
    matFile([
      { name: 'X', shape: [32, 32, 3, 2], values },
      { name: 'y', shape: [2, 1], values: labels },
    ])
  const doubles = (scale: number) => Float64Array.from({ length: 2 * 3072 }, (_, i) => (i % 256) / scale)

  it('takes labels of 64 bits, and pixels as doubles', async () => {
    const mixed = { 'train_32x32.mat': digits(doubles(1)), 'test_32x32.mat': digits(doubles(255)) }
    const data = await svhn({ folder: await write('numpy', mixed), preprocessing: identity() })
    expect([...data.train.labels]).toEqual([3, 0])
    const [first, second] = [data.train, data.test].map((half) => half.images(Int32Array.of(1)))
    const [train, test] = [(await first!).dataSync(), (await second!).dataSync()]
    expect(train[(5 * 32 + 4) * 3 + 2]).toBeCloseTo(((2 * 1024 + 4 * 32 + 5) % 256) / 255, 6)
    expect([...test].every((value, i) => Math.abs(value - train[i]!) < 1e-6)).toBe(true)
  })

  it("standardizes by SVHN's constants", async () => {
    const data = await svhn({ folder: await write('constants') })
    const [first] = (await data.train.images(Int32Array.of(0))).dataSync()
    expect(first).toBeCloseTo((0 - 0.4377) / 0.198, 5)
  })

  it.each<[string, Record<string, Uint8Array | undefined>, RegExp]>([
    ['missing', { 'test_32x32.mat': undefined }, /test_32x32.mat: .*ENOENT.*haba data get svhn.*stanford/],
    [
      'size',
      { 'train_32x32.mat': half([1], 28) },
      /train_32x32.mat: expected X of shape \[32, 32, 3, images\], got \[28,28,3,1\].*cropped/,
    ],
    [
      'name',
      { 'test_32x32.mat': matFile([{ name: 'images', shape: [1, 1], values: Uint8Array.of(1) }]) },
      /test_32x32.mat: expected arrays X \(the images\) and y \(their digits\), got images of \[1,1\]/,
    ],
    [
      'values',
      { 'train_32x32.mat': digits(doubles(0.5)) },
      /train_32x32.mat, X: expected pixels as whole numbers 0 … 255, or in \[0, 1\], got whole numbers from 0 to 510/,
    ],
    [
      'nan',
      { 'train_32x32.mat': digits(doubles(1).fill(NaN, 7, 8)) },
      /train_32x32.mat, X: .* got numbers from NaN to NaN/,
    ],
    ['digit', { 'test_32x32.mat': half([11]) }, /test_32x32.mat: expected labels 0 … 9, got 11 for image 0/],
    ['cut', { 'test_32x32.mat': half([1]).subarray(0, 500) }, /test_32x32.mat: expected an intact MATLAB 5 file/],
  ])('names the file where it is wrong: %s', async (name, changed, message) => {
    await expect(write(name, changed).then((where) => svhn({ folder: where }))).rejects.toThrow(message)
  })
})
