import { describe, expect, it } from 'vitest'
import { fromSafetensors, safetensorsHeader, toSafetensors, treeFromNamed } from './safetensors.js'
import { labelBytes, storedLabels } from '../stored-labels.js'
import { tensor } from './host.js'
import type { Tensor } from '@tensorflow/tfjs-core'
import { namedLeaves } from './tree.js'

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
      // Of the header, of images and of labels.0.
      __metadata__: { name: 'ä set', crc32: '6ec279ae 9d85fb94 74e8de7c' },
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
    expect(entries.get('a')).toMatchObject({ dtype: 'U8', shape: [3], data_offsets: [0, 3] })
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

/** A file with this header and this number of bytes of values. */
function fileOf(header: string, values: number): Uint8Array {
  const json = new TextEncoder().encode(header)
  const made = new Uint8Array(8 + json.length + values)
  new DataView(made.buffer).setBigUint64(0, BigInt(json.length), true)
  made.set(json, 8)
  return made
}

describe('a safetensors file that breaks a rule of the format', () => {
  const a = (shape: string, offsets: string, dtype = 'F32') =>
    `"a":{"dtype":"${dtype}","shape":${shape},"data_offsets":${offsets}}`
  const b = (offsets: string) => `"b":{"dtype":"U8","shape":[4],"data_offsets":${offsets}}`
  it.each([
    ['overlaps', `{${a('[1]', '[0,4]')},${b('[2,6]')}}`, 6, 'a tensor b at byte 2 where byte 4 is next'],
    ['has a gap', `{${a('[1]', '[0,4]')},${b('[5,9]')}}`, 9, 'a tensor b at byte 5 where byte 4 is next'],
    ['begins late', `{${b('[1,5]')}}`, 5, 'a tensor b at byte 1 where byte 0 is next'],
    ['begins before its start', `{${a('[1]', '[-4,0]')}}`, 4, 'a tensor a at [-4,0]'],
    ['ends before it begins', `{${a('[1]', '[4,0]')}}`, 4, 'a tensor a at [4,0]'],
    ['has bytes that remain', `{${a('[1]', '[0,4]')}}`, 5, '1 bytes after its last tensor'],
    ['has another size', `{${a('[3]', '[0,4]')}}`, 4, 'a tensor a of shape [3] (12 bytes) in 4 bytes'],
    ['has a size of another type', `{${a('[1]', '[0,4]', 'F64')}}`, 4, '(8 bytes) in 4 bytes'],
    ['has an unknown type', `{${a('[1]', '[0,4]', 'F33')}}`, 4, 'a tensor a of type "F33"'],
    ['has a shape that is none', `{${a('[-1]', '[0,4]')}}`, 4, 'a tensor a of shape [-1]'],
    ['has a shape beyond all bounds', `{${a('[4294967296,4294967296]', '[0,4]')}}`, 4, 'in 4 bytes'],
    ['has no offsets', '{"a":{"dtype":"U8","shape":[4]}}', 4, 'a tensor a at nothing'],
    ['has an entry that is none', '{"a":4}', 4, 'a tensor a that is not an object'],
    ['has one name twice', `{${a('[1]', '[0,4]')},${a('[1]', '[0,4]', 'I32')}}`, 4, 'two entries named "a"'],
    ['has it twice otherwise spelled', `{${b('[0,4]')},${b('[0,4]').replace('b', '\\u0062')}}`, 4, 'named "b"'],
    ['has metadata of numbers', '{"__metadata__":{"n":1}}', 0, 'metadata that are not an object of strings'],
    ['is a list', '[]', 0, 'a header that is not an object'],
  ])('is refused where it %s', (_, header, values, got) => {
    expect(() => fromSafetensors('a.st', fileOf(header, values))).toThrow(
      'safetensors a.st: expected a safetensors file',
    )
    expect(() => fromSafetensors('a.st', fileOf(header, values))).toThrow(got)
  })

  it('is refused for a header beyond the bound, without looking for it', () => {
    const long = fileOf('{}', 0)
    new DataView(long.buffer).setBigUint64(0, 100_000_001n, true)
    expect(() => fromSafetensors('a.st', long)).toThrow('a header of 100000009 bytes')
  })

  it('is read where its entries come in another order than its bytes, and where tensors are empty', () => {
    const empty = '"e":{"dtype":"F32","shape":[0,7],"data_offsets":[4,4]}'
    const { tensors, bytes } = fromSafetensors('a.st', fileOf(`{${b('[4,8]')},${empty},${a('[1]', '[0,4]')}}`, 8))
    expect([[...tensors.keys()], [...bytes.keys()]]).toEqual([['e', 'a'], ['b']])
  })
})

describe('a flipped bit', () => {
  const whole = toSafetensors(new Map<string, Tensor | Uint8Array>([...namedLeaves(params), ['c', Uint8Array.of(5)]]))
  const dataStart = safetensorsHeader('test', whole).dataStart
  const flipped = (bit: number) => {
    const copy = whole.slice()
    copy[bit >> 3]! ^= 1 << (bit & 7)
    return copy
  }
  const numbers = (file: Uint8Array) => {
    const { tensors, bytes } = fromSafetensors('a.st', file)
    return [...tensors, ...bytes].map(([name, t]) => [name, t instanceof Uint8Array ? t : t.dataSync()])
  }

  it('in any value is named with its file and tensor', () => {
    for (let bit = 8 * dataStart; bit < 8 * whole.length; bit++)
      expect(() => numbers(flipped(bit))).toThrow(/^safetensors a\.st, tensor .* the file is damaged\./)
  })

  it('in the header is an error that names the file, or changes nothing that is read', () => {
    const right = numbers(whole)
    for (let bit = 0; bit < 8 * dataStart; bit++) {
      let read: unknown
      try {
        read = numbers(flipped(bit))
      } catch (error) {
        expect(String(error)).toMatch(/^HabaError: safetensors a\.st/)
        continue
      }
      expect(read, `bit ${bit}`).toEqual(right)
    }
  })
})

describe('a file without checksums', () => {
  const old = fileOf('{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}', 1)
  it('is read, with one warning for each kind', async () => {
    const warnings: string[] = []
    const hear = ({ message }: Error) => void warnings.push(message)
    process.on('warning', hear)
    for (const kind of ['kind one', 'kind one', 'kind two', undefined]) {
      expect(fromSafetensors('old.st', old, kind).bytes.get('a')).toEqual(Uint8Array.of(0))
      fromSafetensors('new.st', file, kind)
    }
    await new Promise(setImmediate)
    process.off('warning', hear)
    expect(warnings).toEqual(
      ['one', 'two'].map(
        (n) => `kind ${n} old.st has no checksum, because an earlier version wrote it: damage to it may go unnoticed.`,
      ),
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
