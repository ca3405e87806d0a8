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

/** A byte that tells image, row, column and channel. */
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

  it("standardises by SVHN's constants", async () => {
    const data = await svhn({ folder: await write('constants') })
    const [first] = (await data.train.images(Int32Array.of(0))).dataSync()
    expect(first).toBeCloseTo((0 - 0.4377) / 0.198, 5)
  })

  it.each<[string, Record<string, Uint8Array | undefined>, RegExp]>([
    ['missing', { 'test_32x32.mat': undefined }, /test_32x32.mat: .*ENOENT.*haba data get svhn.*stanford/],
    [
      'size',
      { 'train_32x32.mat': half([1], 28) },
      /train_32x32.mat: .*got X of \[28,28,3,1\] and y of \[1,1\].*cropped/,
    ],
    ['digit', { 'test_32x32.mat': half([11]) }, /test_32x32.mat: expected labels 0 … 9, got 11 for image 0/],
    ['cut', { 'test_32x32.mat': half([1]).subarray(0, 500) }, /test_32x32.mat: expected a whole MATLAB 5 file/],
  ])('names the file where it is wrong: %s', async (name, changed, message) => {
    await expect(write(name, changed).then((where) => svhn({ folder: where }))).rejects.toThrow(message)
  })
})
