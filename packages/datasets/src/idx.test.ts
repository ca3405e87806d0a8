import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readIdx } from './idx.js'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'haba-idx-'))
})
afterAll(() => rm(folder, { recursive: true }))

const header = [0, 0, 8, 2, 0, 0, 0, 2, 0, 0, 0, 3]
const write = async (name: string, bytes: readonly number[] | Uint8Array) => {
  await writeFile(join(folder, name), Uint8Array.from(bytes))
  return join(folder, name)
}

describe('readIdx', () => {
  it('reads shape and bytes, gzipped or not', async () => {
    const bytes = [...header, 1, 2, 3, 4, 5, 6]
    for (const file of [await write('a', bytes), await write('b', gzipSync(Uint8Array.from(bytes)))]) {
      const { shape, values } = await readIdx(file)
      expect(shape).toEqual([2, 3])
      expect(Array.from(values)).toEqual([1, 2, 3, 4, 5, 6])
    }
  })

  it.each<[string, readonly number[] | Uint8Array, RegExp]>([
    ['short', [...header, 1, 2, 3], /short: expected 18 bytes for shape \[2,3\], got 15/],
    ['long', [...header, 1, 2, 3, 4, 5, 6, 7], /long: expected 18 bytes .* got 19/],
    [
      'page',
      Array.from('<html>', (letter) => letter.charCodeAt(0)),
      /page: expected an IDX file of bytes.*got 3c 68 74 6d/,
    ],
    ['floats', [0, 0, 13, 1, 0, 0, 0, 0], /floats: expected an IDX file of bytes.*got 00 00 0d 01/],
    ['empty', [], /empty: expected an IDX file of bytes.*got an empty file/],
    ['cut', gzipSync(Uint8Array.from(header)).subarray(0, 20), /cut: expected an intact gzip file/],
  ])('names a file that is %s', async (name, bytes, message) => {
    await expect(write(name, bytes).then(readIdx)).rejects.toThrow(message)
  })

  it('names a file that is missing', async () => {
    await expect(readIdx(join(folder, 'none'))).rejects.toThrow(/none: expected a readable file/)
  })
})
