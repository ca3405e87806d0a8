import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readMat } from './mat.js'
import { matFile } from './mat.test-data.js'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'haba-mat-'))
})
afterAll(() => rm(folder, { recursive: true }))

const write = async (name: string, bytes: Uint8Array) => {
  await writeFile(join(folder, name), bytes)
  return join(folder, name)
}
const bytes = { name: 'long_name', shape: [2, 3, 2], values: Uint8Array.from({ length: 12 }, (_, i) => i * 20) }
const few = { name: 'y', shape: [3, 1], values: Uint8Array.of(10, 1, 2) }
const doubles = { name: 'd', shape: [1, 2], values: Float64Array.of(0.5, -3) }

describe('readMat', () => {
  it.each([true, false])('reads bytes and doubles, compressed: %s', async (compressed) => {
    const arrays = await readMat(await write(`good${compressed}`, matFile([bytes, few, doubles], { compressed })))
    expect([...arrays.keys()]).toEqual(['long_name', 'y', 'd'])
    for (const { name, shape, values } of [bytes, few, doubles]) {
      expect(arrays.get(name)!.shape).toEqual(shape)
      expect(Array.from(arrays.get(name)!.values)).toEqual(Array.from(values))
    }
  })

  it('passes over what is no numeric array', async () => {
    const structure = matFile([bytes], { kind: 2 })
    const file = await write('mixed', Buffer.concat([structure, matFile([few]).subarray(128)]))
    expect([...(await readMat(file)).keys()]).toEqual(['y'])
  })

  it('reads whole numbers of 64 bits, where a number holds them', async () => {
    const signed = { name: 's', shape: [2, 1], values: BigInt64Array.of(-3n, 2n ** 53n - 1n) }
    const unsigned = { name: 'u', shape: [1, 1], values: BigUint64Array.of(10n) }
    const arrays = await readMat(await write('int64', matFile([signed, unsigned])))
    expect([...arrays.get('s')!.values]).toEqual([-3, 2 ** 53 - 1])
    expect([...arrays.get('u')!.values]).toEqual([10])
    const large = matFile([{ ...unsigned, values: BigUint64Array.of(2n ** 53n) }])
    await expect(readMat(await write('large', large))).rejects.toThrow(
      /got the whole number 9007199254740992, which is above/,
    )
  })

  it('passes over complex numbers', async () => {
    const complex = matFile([doubles], { kind: 6 | (8 << 8) })
    expect([...(await readMat(await write('complex', complex))).keys()]).toEqual([])
  })

  const good = matFile([bytes])
  const other = Buffer.from(good)
  other.write('MI', 126, 'latin1')
  it.each<[string, Uint8Array, RegExp]>([
    ['page', Buffer.from('<html>not found'), /page: expected a little-endian MATLAB 5 file, got 15 bytes/],
    [
      'endian',
      other,
      /endian: expected a little-endian MATLAB 5 file, got one that starts with 'MATLAB 5.0 MAT-file,'/,
    ],
    [
      'cut',
      good.subarray(0, -5),
      /cut: expected an intact MATLAB 5 file, got \d+ bytes, where an array needs \d+\. Fetch/,
    ],
    ['tag', good.subarray(0, 131), /tag: expected an intact MATLAB 5 file, got 131 bytes/],
    ['damaged', Buffer.concat([good.subarray(0, 140), Buffer.alloc(good.length - 140)]), /damaged: expected an intact/],
    [
      'shape',
      matFile([{ ...bytes, shape: [2, 3, 3] }]),
      /shape: expected an intact MATLAB 5 file, got 12 numbers in long_name, which is \[2,3,3\]/,
    ],
  ])('names a file that is wrong: %s', async (name, content, message) => {
    await expect(write(name, content).then((file) => readMat(file))).rejects.toThrow(message)
  })

  it('names a file that is missing, and says what to do', async () => {
    await expect(readMat(join(folder, 'none'), 'Look elsewhere.')).rejects.toThrow(/none: .*ENOENT.*Look elsewhere/)
  })
})
