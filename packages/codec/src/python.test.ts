import { tensor, toSafetensors, varints, type StoredTensors } from '@haba/core'
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { decodeTensors, encodeTensors } from './codec.js'
import { drawn, waves } from './numbers.test-data.js'

/** Prints dtype, shape and bytes of every tensor, and the labels, as Python reads them. */
const program = `
import json, sys
sys.path.insert(0, sys.argv[1])
from haba_codec import read
tensors, labels = read(sys.argv[2])
found = {name: [str(t.dtype), list(t.shape), t.tobytes().hex()] for name, t in tensors.items()}
print(json.dumps({"tensors": found, "labels": labels.tolist()}))`
const python = process.env['HABA_PYTHON'] ?? 'python3'
const installed = spawnSync(python, ['-c', 'import numpy']).status === 0

const tensors = new Map([
  ['images', waves([7, 14, 13, 3])],
  ['noise', drawn(1, [9, 12, 12, 1])],
  ['matrix', drawn(2, [40, 33])],
  ['vector', drawn(3, [700])],
  ['hallucinators.encode.kernel', drawn(4, [4, 3, 3, 3, 3])],
  ['constant', tensor(new Float32Array(600).fill(0.3), [6, 10, 10, 1])],
  ['bias', drawn(5, [20])],
  ['rate', drawn(6, [])],
  [
    'masks',
    tensor(
      Int32Array.from({ length: 300 }, (_, i) => ((i * 37) % 100) - 20),
      [3, 100],
    ),
  ],
  ['large', tensor(Int32Array.of(-(2 ** 31), 2 ** 31 - 1), [2])],
])

describe('the Python reader', () => {
  it.skipIf(!installed && !process.env['HABA_REQUIRE_NUMPY']).each([
    [1, 16],
    [2, 0],
    [4, 64],
    [5, 1],
    [8, 3],
  ])('decodes the same values to the last bit, at %i bits and %i groups', async (bits, groups) => {
    await same(encodeTensors(tensors, { bits, groups, parts: { noise: { bits: 3, groups: 7 } } }).stored)
  })

  it.skipIf(!installed && !process.env['HABA_REQUIRE_NUMPY']).each([
    [8, 0.2],
    [5, 0.01],
    [64, 1],
  ])('decodes cosines of blocks of %i to the last bit, in steps of %d', async (block, step) => {
    await same(encodeTensors(tensors, { transform: 'dct', block, step }).stored)
  })
})

async function same(stored: StoredTensors) {
  const folder = await mkdtemp(join(tmpdir(), 'haba-codec-'))
  const file = join(folder, 'set.safetensors')
  await writeFile(file, toSafetensors(new Map([...stored, ['labels', varints(2, 0, 200)] as const]), { a: 'b' }))
  const reader = join(import.meta.dirname, '../python')
  const text = execFileSync(python, ['-c', program, reader, file], { encoding: 'utf8', maxBuffer: 2 ** 26 })
  await rm(folder, { recursive: true })
  const found = JSON.parse(text) as { tensors: Record<string, [string, number[], string]>; labels: number[] }
  const own = [...decodeTensors(stored)].map(([name, t]) => {
    const { buffer, byteOffset, byteLength } = t.dataSync()
    return [name, [t.dtype, t.shape, Buffer.from(buffer, byteOffset, byteLength).toString('hex')]] as const
  })
  expect(found.tensors).toEqual(Object.fromEntries(own))
  expect(found.labels).toEqual([...new Array<number>(2).fill(0), ...new Array<number>(200).fill(2)])
}
