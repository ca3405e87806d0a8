import { checksumOf, warnUnchecked } from '../checked-json.js'
import { HabaError } from '../errors.js'
import { endOfText, parseJson, shownJson } from '../json.js'
import { sizeOf, type DType, type Values } from '../spec/values.js'
import type { StoredTensors } from '../spec/codec.js'
import type { Tree } from '../spec/tree.js'
import { tensor } from './host.js'
import { namedLeaves, withTensors } from './tree.js'
import type { Tensor } from '@tensorflow/tfjs-core'

const DTYPES = { float32: 'F32', int32: 'I32' } as const
const TYPES: Readonly<Record<string, DType>> = { F32: 'float32', I32: 'int32' }

/** Bytes per element of each type of the format. */
const WIDTHS = new Map(
  Object.entries({ BOOL: 1, U8: 1, I8: 1, F8_E4M3: 1, F8_E5M2: 1, F8_E8M0: 1 })
    .concat(Object.entries({ I16: 2, U16: 2, F16: 2, BF16: 2, I32: 4, U32: 4, F32: 4 }))
    .concat(Object.entries({ I64: 8, U64: 8, F64: 8, C64: 8 })),
)

/** The maximum length of a header in the format, in bytes. */
const LONGEST_HEADER = 100_000_000

/** The metadata field with the checksums: first the header's, then each tensor's, in order. */
const CHECKSUMS = 'crc32'

interface Entry {
  readonly dtype: string
  readonly shape: readonly number[]
  /** From the end of the header, in bytes. */
  readonly data_offsets: readonly [number, number]
  /** CRC-32 of its bytes, as 8 hexadecimal digits; absent in a file without checksums. */
  readonly crc32?: string
}

/** The header of a safetensors file. */
export interface SafetensorsHeader {
  readonly tensors: ReadonlyMap<string, Entry>
  /** Without the checksums. */
  readonly metadata: Readonly<Record<string, string>>
  /** Offset of the values in the file, in bytes. */
  readonly dataStart: number
}

const bytesOfStored = (one: Tensor | Uint8Array) => (one instanceof Uint8Array ? one.length : 4 * one.size)

function storedBytes(one: Tensor | Uint8Array): Uint8Array {
  const values = one instanceof Uint8Array ? one : (one.dataSync() as Values)
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength)
}

/** The text whose checksum a header has: its values, whatever their layout. */
const headerText = (metadata: object, tensors: object) => JSON.stringify([metadata, tensors])

/**
 * Named tensors as a safetensors file, in the given order; bytes become tensors of type U8. Metadata are strings. The
 * metadata field `crc32` holds the CRC-32 of the header and of each tensor; other readers ignore it.
 */
export function toSafetensors(tensors: StoredTensors, metadata: Readonly<Record<string, string>> = {}): Uint8Array {
  const entries: Record<string, unknown> = {}
  let offset = 0
  for (const [name, t] of tensors) {
    const [dtype, shape] = t instanceof Uint8Array ? ['U8', [t.length]] : [DTYPES[t.dtype as DType], t.shape]
    entries[name] = { dtype, shape, data_offsets: [offset, (offset += bytesOfStored(t))] }
  }
  const checksums = [
    checksumOf(headerText(metadata, entries)),
    ...Object.keys(entries).map((name) => checksumOf(storedBytes(tensors.get(name)!))),
  ]
  const header = { __metadata__: { ...metadata, [CHECKSUMS]: checksums.join(' ') }, ...entries }
  const json = new TextEncoder().encode(JSON.stringify(header))
  const padded = Math.ceil(json.length / 8) * 8
  const file = new Uint8Array(8 + padded + offset)
  file.fill(0x20, 8, 8 + padded)
  new DataView(file.buffer).setBigUint64(0, BigInt(padded), true)
  file.set(json, 8)
  let at = 8 + padded
  for (const t of tensors.values()) {
    file.set(storedBytes(t), at)
    at += bytesOfStored(t)
  }
  return file
}

/** The length of the header, its length field included, in bytes, from the first 8 bytes of a file. */
export const safetensorsHeaderLength = (first: Uint8Array): number =>
  8 + Number(new DataView(first.buffer, first.byteOffset, 8).getBigUint64(0, true))

/**
 * Reads the header from the first bytes of a file and checks it against the format: tensors fill the rest of the file
 * without gaps, overlaps or trailing bytes; sizes match types and shapes; names are unique.
 *
 * @param size of the whole file, in bytes @default that of `bytes`
 * @throws HabaError naming the file, and the tensor if one is wrong
 */
export function safetensorsHeader(name: string, bytes: Uint8Array, size = bytes.length): SafetensorsHeader {
  const fail = (got: string): never => {
    throw new HabaError(`safetensors ${name}`, 'a safetensors file', got, 'Restore it from a copy, or write it again.')
  }
  if (bytes.length < 8) return fail(`${bytes.length} bytes`)
  const dataStart = safetensorsHeaderLength(bytes)
  if (!(dataStart <= Math.min(bytes.length, 8 + LONGEST_HEADER)))
    return fail(`a header of ${dataStart} bytes in ${size}`)
  let header: unknown
  let text: string
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes.subarray(8, dataStart))
    header = parseJson(text)
  } catch (error) {
    return fail(`a header that is not JSON (${(error as Error).message})`)
  }
  if (!isRecord(header) || !text.startsWith('{')) return fail('a header that is not an object')
  const twice = firstRepeatedName(text)
  if (twice !== undefined) return fail(`two entries named ${twice}`)
  const { __metadata__: all = {}, ...tensors } = header
  if (!isRecord(all) || !Object.values(all).every((value) => typeof value === 'string'))
    return fail('metadata that are not an object of strings')
  const { [CHECKSUMS]: written, ...metadata } = all as Record<string, string>
  checkEntries(name, tensors, size - dataStart, fail)
  const entries = Object.entries(tensors as Record<string, Entry>)
  const checksums = written?.split(' ')
  if (
    checksums &&
    (checksums.length !== entries.length + 1 || checksums[0] !== checksumOf(headerText(metadata, tensors)))
  )
    return fail('a header with a wrong checksum')
  return {
    tensors: new Map(
      entries.map(([key, entry], i) => [key, checksums ? { ...entry, crc32: checksums[i + 1]! } : entry]),
    ),
    metadata,
    dataStart,
  }
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0

/** A name that the outermost object or a nested one repeats: JSON.parse silently keeps the last one. */
function firstRepeatedName(json: string): string | undefined {
  const open: (Set<string> | undefined)[] = []
  for (let at = 0; at < json.length; at++) {
    const char = json[at]
    if (char === '{') open.push(new Set())
    else if (char === '[') open.push(undefined)
    else if (char === '}' || char === ']') open.pop()
    else if (char === '"') {
      const end = endOfText(json, at)
      let next = end
      while (json.charCodeAt(next) <= 0x20) next++
      if (json[next] === ':') {
        const key = JSON.parse(json.slice(at, end)) as string
        if (open.at(-1)?.has(key)) return shownJson(key)
        open.at(-1)?.add(key)
      }
      at = end - 1
    }
  }
  return undefined
}

/** Checks the tensors of a file against the format. @param length bytes after the header */
function checkEntries(
  name: string,
  entries: Readonly<Record<string, unknown>>,
  length: number,
  fail: (got: string) => never,
): void {
  for (const [key, entry] of Object.entries(entries)) {
    if (!isRecord(entry)) return fail(`a tensor ${key} that is not an object`)
    const { dtype, shape, data_offsets: offsets } = entry
    const width = typeof dtype === 'string' ? WIDTHS.get(dtype) : undefined
    if (width === undefined) return fail(`a tensor ${key} of type ${shownJson(dtype)}`)
    if (!Array.isArray(shape) || !shape.every(isCount)) return fail(`a tensor ${key} of shape ${shownJson(shape)}`)
    if (!Array.isArray(offsets) || offsets.length !== 2 || !offsets.every(isCount) || offsets[0]! > offsets[1]!)
      return fail(`a tensor ${key} at ${shownJson(offsets)}`)
    const [needed, got] = [width * sizeOf(shape), offsets[1]! - offsets[0]!]
    if (needed !== got) return fail(`a tensor ${key} of shape [${shape}] (${needed} bytes) in ${got} bytes`)
  }
  const sorted = Object.entries(entries as Record<string, Entry>).sort(
    ([, { data_offsets: a }], [, { data_offsets: b }]) => a[0] - b[0] || a[1] - b[1],
  )
  let end = 0
  for (const [key, { data_offsets: offsets }] of sorted) {
    if (offsets[0] !== end) return fail(`a tensor ${key} at byte ${offsets[0]} where byte ${end} is next`)
    if (offsets[1] > length) checkLength(`${name}, tensor ${key}`, offsets[1] - end, Math.max(0, length - end))
    end = offsets[1]
  }
  if (end !== length) return fail(`${length - end} bytes after its last tensor`)
}

function checkLength(name: string, length: number, got: number): void {
  if (got !== length)
    throw new HabaError(`safetensors ${name}`, `${length} bytes of values`, `${got}`, 'The file is cut short.')
}

/** @throws HabaError if the bytes of a tensor do not match its checksum */
function checkTensor(name: string, { crc32: written }: Entry, bytes: Uint8Array): void {
  if (written === undefined) return
  const found = checksumOf(bytes)
  if (found !== written)
    throw new HabaError(
      `safetensors ${name}`,
      `bytes with the checksum ${written}`,
      `${found}: the file is damaged`,
      'Restore it from a copy, or write it again.',
    )
}

/** One tensor of a file from the bytes of its values. @throws HabaError if they do not match its checksum */
export function safetensorsTensor(name: string, entry: Entry, bytes: Uint8Array): Tensor {
  const dtype = TYPES[entry.dtype]
  if (!dtype) throw new HabaError(`safetensors ${name}`, 'F32, I32 or U8', entry.dtype, 'Convert it before writing.')
  checkLength(name, 4 * sizeOf(entry.shape), bytes.length)
  checkTensor(name, entry, bytes)
  // A copy, because offsets in a file need not be aligned. (Node's Buffer.slice is a view.)
  const { buffer } = new Uint8Array(bytes)
  return tensor(dtype === 'int32' ? new Int32Array(buffer) : new Float32Array(buffer), entry.shape)
}

/** The content of a safetensors file, by name. */
export interface Safetensors {
  /** Tensors of type F32 and I32. */
  readonly tensors: ReadonlyMap<string, Tensor>
  /** Copies of tensors of type U8: bytes that a codec wrote. */
  readonly bytes: ReadonlyMap<string, Uint8Array>
  readonly metadata: Readonly<Record<string, string>>
}

/**
 * Reads a safetensors file and verifies its checksums, if it has any.
 *
 * @param kind the kind of a file that haba writes, such as `checkpoint`: the first file of a kind without checksums causes a
 * warning @default any file: no warning
 * @throws HabaError naming the file, and the tensor, if it breaks the rules of the format or is damaged
 */
export function fromSafetensors(name: string, file: Uint8Array, kind?: string): Safetensors {
  const header = safetensorsHeader(name, file)
  if (kind !== undefined) warnWithoutChecksums(kind, name, header)
  const tensors = new Map<string, Tensor>()
  const bytes = new Map<string, Uint8Array>()
  for (const [key, entry] of header.tensors) {
    const [from, to] = entry.data_offsets
    const own = file.subarray(header.dataStart + from, header.dataStart + to)
    const who = `${name}, tensor ${key}`
    if (entry.dtype !== 'U8') tensors.set(key, safetensorsTensor(who, entry, own))
    else {
      checkTensor(who, entry, own)
      bytes.set(key, Uint8Array.from(own))
    }
  }
  return { tensors, bytes, metadata: header.metadata }
}

/** Warns about a file without checksums, once per process for each kind of file. */
export function warnWithoutChecksums(kind: string, name: string, { tensors }: SafetensorsHeader): void {
  if ([...tensors.values()].some(({ crc32 }) => crc32 === undefined)) warnUnchecked(kind, name)
}

/** A tree of `template`'s structure, filled with the tensors named by their dotted paths after `prefix`. */
export function treeFromNamed<T extends Tree>(
  who: string,
  template: T,
  tensors: ReadonlyMap<string, Tensor>,
  prefix = '',
): T {
  const leaves = [...namedLeaves(template)].map(([path, like]) => {
    const found = tensors.get(prefix + path)
    if (!found || found.shape.join() !== like.shape.join() || found.dtype !== like.dtype)
      throw new HabaError(
        who,
        `a tensor "${prefix}${path}" of shape [${like.shape}]${found?.shape.join() === like.shape.join() ? ` and ${like.dtype}` : ''}`,
        found ? `[${found.shape}]${found.dtype === like.dtype ? '' : ` of ${found.dtype}`}` : 'none',
        'The file was written with other settings.',
      )
    return found
  })
  return withTensors(template, leaves)
}
