import { describe, expect, it } from 'vitest'
import { fromSafetensors, safetensorsHeader, toSafetensors, treeFromNamed } from './files.js'
import { labelBytes, storedLabels } from './stored-labels.js'
import { tensor } from './tree/host.js'
import type { Tensor } from '@tensorflow/tfjs-core'
import { namedLeaves } from './tree/tree.js'

const params = {
  images: tensor(Float32Array.of(0.1, -1 / 3, 1e-45, 3e38), [2, 2]),
  labels: [tensor(Int32Array.of(7, -9), [2])],
}
const file = toSafetensors(namedLeaves(params), { name: 'ä set' })

describe('safetensors', () => {
  it('is laid out as the format says', () => {
    const length = Number(new DataView(file.buffer).getBigUint64(0, true))
    expect(length % 8).toBe(0)
    expect(JSON.parse(new TextDecoder().decode(file.subarray(8, 8 + length)))).toEqual({
      __metadata__: { name: 'ä set' },
      images: { dtype: 'F32', shape: [2, 2], data_offsets: [0, 16] },
      'labels.0': { dtype: 'I32', shape: [2], data_offsets: [16, 24] },
    })
    expect(file.length).toBe(8 + length + 24)
    expect(new DataView(file.buffer).getFloat32(8 + length, true)).toBe(Math.fround(0.1))
    expect(new DataView(file.buffer).getInt32(8 + length + 20, true)).toBe(-9)
  })

  it('reads what it wrote to the last bit, wherever the bytes lie', () => {
    const shifted = new Uint8Array(file.length + 3)
    shifted.set(file, 3)
    const { tensors, metadata } = fromSafetensors('test', shifted.subarray(3))
    expect(metadata).toEqual({ name: 'ä set' })
    const read = treeFromNamed('test', params, tensors)
    expect(read.images.dataSync()).toEqual(params.images.dataSync())
    expect(read.labels[0]!.dataSync()).toEqual(params.labels[0]!.dataSync())
  })

  it('holds bytes beside tensors, as U8', () => {
    const coded = toSafetensors(
      new Map<string, Tensor | Uint8Array>([
        ['a', Uint8Array.of(1, 2, 3)],
        ['b', params.images],
      ]),
    )
    const { tensors, entries } = {
      ...fromSafetensors('test', coded),
      entries: safetensorsHeader('test', coded).tensors,
    }
    expect(entries.get('a')).toEqual({ dtype: 'U8', shape: [3], data_offsets: [0, 3] })
    expect(fromSafetensors('test', coded).bytes).toEqual(new Map([['a', Uint8Array.of(1, 2, 3)]]))
    expect(tensors.get('b')!.dataSync()).toEqual(params.images.dataSync())
    expect(() => fromSafetensors('test', toSafetensors(new Map([['a', Uint8Array.of(1, 2)]])).subarray(0, -1))).toThrow(
      'safetensors test, tensor a: expected 2 bytes of values, got 1. The file is cut short.',
    )
  })

  it('takes trees under a prefix, and says what is missing or of another shape', () => {
    const { tensors } = fromSafetensors('test', toSafetensors(new Map([['set.images', params.images]])))
    expect(treeFromNamed('resume', { images: params.images }, tensors, 'set.').images.shape).toEqual([2, 2])
    expect(() => treeFromNamed('resume', params, tensors, 'set.')).toThrow(
      'resume: expected a tensor "set.labels.0" of shape [2], got none.',
    )
    expect(() => treeFromNamed('resume', { images: tensor([1], [1]) }, tensors, 'set.')).toThrow(
      'of shape [1], got [2,2].',
    )
  })

  it('refuses what is no such file, by name', () => {
    const broken = file.slice()
    broken[9] = 0x7b
    expect(() => safetensorsHeader('a.st', Uint8Array.of(1, 2))).toThrow(
      'safetensors a.st: expected a safetensors file, got 2 bytes.',
    )
    expect(() => safetensorsHeader('a.st', file.subarray(0, 20))).toThrow(
      'safetensors a.st: expected a safetensors file, got a header of',
    )
    expect(() => safetensorsHeader('a.st', broken)).toThrow('got a header that is not JSON')
    expect(() => fromSafetensors('a.st', file.subarray(0, file.length - 4))).toThrow(
      'safetensors a.st, tensor labels.0: expected 8 bytes of values, got 4. The file is cut short.',
    )
  })
})

describe('labels in a file', () => {
  it('are the slots of each class, of a class-major layout', () => {
    const labels = Int32Array.from([...new Array<number>(3).fill(0), ...new Array<number>(300).fill(2)])
    expect([...(storedLabels({ labels, classes: 4 }) as Uint8Array)]).toEqual([3, 0, 300 - 256 + 128, 2, 0])
    expect(labelBytes({ labels, classes: 4 })).toBe(5)
  })

  it('are themselves, of any other', () => {
    const labels = Int32Array.of(1, 0, 1)
    expect((storedLabels({ labels, classes: 2 }) as Tensor).dataSync()).toEqual(labels)
    expect(labelBytes({ labels, classes: 2 })).toBe(12)
  })
})
