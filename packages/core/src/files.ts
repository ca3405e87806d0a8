import { HabaError } from './errors.js'
import { sizeOf, type DType, type Values } from './compile/graph.js'
import type { StoredTensors } from './spec/codec.js'
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

const bytesOfStored = (one: Tensor | Uint8Array) => (one instanceof Uint8Array ? one.length : 4 * one.size)

/** Tensors by name as a safetensors file, in the order given, and bytes as tensors of U8; metadata are strings. */
export function toSafetensors(tensors: StoredTensors, metadata: Readonly<Record<string, string>> = {}): Uint8Array {
  const header: Record<string, unknown> = Object.keys(metadata).length > 0 ? { __metadata__: metadata } : {}
  let offset = 0
  for (const [name, t] of tensors) {
    const [dtype, shape] = t instanceof Uint8Array ? ['U8', [t.length]] : [DTYPES[t.dtype as DType], t.shape]
    header[name] = { dtype, shape, data_offsets: [offset, (offset += bytesOfStored(t))] }
  }
  const json = new TextEncoder().encode(JSON.stringify(header))
  const padded = Math.ceil(json.length / 8) * 8
  const file = new Uint8Array(8 + padded + offset)
  file.fill(0x20, 8, 8 + padded)
  new DataView(file.buffer).setBigUint64(0, BigInt(padded), true)
  file.set(json, 8)
  let at = 8 + padded
  for (const t of tensors.values()) {
    const values = t instanceof Uint8Array ? t : (t.dataSync() as Values)
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

function checkLength(name: string, length: number, bytes: Uint8Array): void {
  if (bytes.length !== length)
    throw new HabaError(`safetensors ${name}`, `${length} bytes of values`, `${bytes.length}`, 'The file is cut short.')
}

/** One tensor of a file from the bytes of its values. */
export function safetensorsTensor(name: string, entry: Entry, bytes: Uint8Array): Tensor {
  const dtype = TYPES[entry.dtype]
  if (!dtype) throw new HabaError(`safetensors ${name}`, 'F32, I32 or U8', entry.dtype, 'Convert it before writing.')
  checkLength(name, 4 * sizeOf(entry.shape), bytes)
  // A copy of its own: offsets in a file need not be aligned. (Node's Buffer.slice is a view.)
  const { buffer } = new Uint8Array(bytes)
  return tensor(dtype === 'int32' ? new Int32Array(buffer) : new Float32Array(buffer), entry.shape)
}

/** What a safetensors file holds, by kind and name. */
export interface Safetensors {
  /** Of F32 and I32. */
  readonly tensors: ReadonlyMap<string, Tensor>
  /** Those of U8, which are no tensors here: what a codec wrote. Copies. */
  readonly bytes: ReadonlyMap<string, Uint8Array>
  readonly metadata: Readonly<Record<string, string>>
}

/** All that a safetensors file holds. */
export function fromSafetensors(name: string, file: Uint8Array): Safetensors {
  const header = safetensorsHeader(name, file)
  const tensors = new Map<string, Tensor>()
  const bytes = new Map<string, Uint8Array>()
  for (const [key, entry] of header.tensors) {
    const [from, to] = entry.data_offsets
    const own = file.subarray(header.dataStart + from, header.dataStart + to)
    const who = `${name}, tensor ${key}`
    if (entry.dtype !== 'U8') tensors.set(key, safetensorsTensor(who, entry, own))
    else {
      checkLength(who, sizeOf(entry.shape), own)
      bytes.set(key, Uint8Array.from(own))
    }
  }
  return { tensors, bytes, metadata: header.metadata }
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
