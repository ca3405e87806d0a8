import { HabaError } from './errors.js'
import { sizeOf, type DType, type Values } from './compile/graph.js'
import type { Tree } from './spec/tree.js'
import { tensor } from './tree/host.js'
import { namedLeaves, withTensors } from './tree/tree.js'
import type { Tensor } from '@tensorflow/tfjs-core'

const DTYPES = { float32: 'F32', int32: 'I32' } as const
const TYPES: Readonly<Record<string, DType>> = { F32: 'float32', I32: 'int32' }

interface Entry {
  readonly dtype: string
  readonly shape: readonly number[]
  /** From the end of the header, in bytes. */
  readonly data_offsets: readonly [number, number]
}

/** The header of a safetensors file. */
export interface SafetensorsHeader {
  readonly tensors: ReadonlyMap<string, Entry>
  readonly metadata: Readonly<Record<string, string>>
  /** Where the values begin in the file, in bytes. */
  readonly dataStart: number
}

/** Tensors by name as a safetensors file, in the order given; metadata are strings. */
export function toSafetensors(
  tensors: ReadonlyMap<string, Tensor>,
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array {
  const header: Record<string, unknown> = Object.keys(metadata).length > 0 ? { __metadata__: metadata } : {}
  let offset = 0
  for (const [name, t] of tensors) {
    header[name] = { dtype: DTYPES[t.dtype as DType], shape: t.shape, data_offsets: [offset, offset + 4 * t.size] }
    offset += 4 * t.size
  }
  const json = new TextEncoder().encode(JSON.stringify(header))
  const padded = Math.ceil(json.length / 8) * 8
  const file = new Uint8Array(8 + padded + offset)
  file.fill(0x20, 8, 8 + padded)
  new DataView(file.buffer).setBigUint64(0, BigInt(padded), true)
  file.set(json, 8)
  let at = 8 + padded
  for (const t of tensors.values()) {
    const values = t.dataSync() as Values
    file.set(new Uint8Array(values.buffer, values.byteOffset, values.byteLength), at)
    at += values.byteLength
  }
  return file
}

/** How many bytes the header takes with its length, from the first 8 bytes of a file. */
export const safetensorsHeaderLength = (first: Uint8Array): number =>
  8 + Number(new DataView(first.buffer, first.byteOffset, 8).getBigUint64(0, true))

/** Reads the header from the first bytes of a file. @throws HabaError naming the file where it is none */
export function safetensorsHeader(name: string, bytes: Uint8Array): SafetensorsHeader {
  const fail = (got: string): never => {
    throw new HabaError(
      `safetensors ${name}`,
      'a safetensors file',
      got,
      'Check that the file is whole; write it again.',
    )
  }
  if (bytes.length < 8) return fail(`${bytes.length} bytes`)
  const dataStart = safetensorsHeaderLength(bytes)
  if (!(dataStart <= bytes.length)) return fail(`a header of ${dataStart} bytes in ${bytes.length}`)
  let header: Record<string, unknown>
  try {
    header = JSON.parse(new TextDecoder().decode(bytes.subarray(8, dataStart))) as Record<string, unknown>
  } catch {
    return fail('a header that is not JSON')
  }
  const { __metadata__: metadata = {}, ...tensors } = header
  return {
    tensors: new Map(Object.entries(tensors as Record<string, Entry>)),
    metadata: metadata as Record<string, string>,
    dataStart,
  }
}

/** One tensor of a file from the bytes of its values. */
export function safetensorsTensor(name: string, entry: Entry, bytes: Uint8Array): Tensor {
  const dtype = TYPES[entry.dtype]
  if (!dtype) throw new HabaError(`safetensors ${name}`, 'F32 or I32', entry.dtype, 'Convert it before writing.')
  const size = sizeOf(entry.shape)
  if (bytes.length !== 4 * size)
    throw new HabaError(
      `safetensors ${name}`,
      `${4 * size} bytes of values`,
      `${bytes.length}`,
      'The file is cut short.',
    )
  // A copy of its own: offsets in a file need not be aligned. (Node's Buffer.slice is a view.)
  const { buffer } = new Uint8Array(bytes)
  return tensor(dtype === 'int32' ? new Int32Array(buffer) : new Float32Array(buffer), entry.shape)
}

/** All tensors of a safetensors file by name. */
export function fromSafetensors(
  name: string,
  bytes: Uint8Array,
): { readonly tensors: ReadonlyMap<string, Tensor>; readonly metadata: Readonly<Record<string, string>> } {
  const { tensors, metadata, dataStart } = safetensorsHeader(name, bytes)
  const read = [...tensors].map(([key, entry]) => {
    const [from, to] = entry.data_offsets
    return [
      key,
      safetensorsTensor(`${name}, tensor ${key}`, entry, bytes.subarray(dataStart + from, dataStart + to)),
    ] as const
  })
  return { tensors: new Map(read), metadata }
}

/** Fills the structure of `template` with tensors by their dotted paths under `prefix`. */
export function treeFromNamed<T extends Tree>(
  who: string,
  template: T,
  tensors: ReadonlyMap<string, Tensor>,
  prefix = '',
): T {
  const leaves = [...namedLeaves(template)].map(([path, like]) => {
    const found = tensors.get(prefix + path)
    if (!found || found.shape.join() !== like.shape.join())
      throw new HabaError(
        who,
        `a tensor "${prefix}${path}" of shape [${like.shape}]`,
        found ? `[${found.shape}]` : 'none',
        'It was written with other settings.',
      )
    return found
  })
  return withTensors(template, leaves)
}
