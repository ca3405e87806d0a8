import { sizeOf, tensor, varints, type Values } from '@haba/core'
import type { Tensor } from '@tensorflow/tfjs-core'
import { getFloat16, setFloat16 } from '@petamoriken/float16'
import { ByteReader, joined } from './bytes.js'
import { valuesOf, type Quantization, type Scales } from './scales.js'
import { patchesOf } from './patches.js'
import { decodeSymbols, encodeSymbols, packedLength, type SymbolShape } from './symbols.js'

/** The first byte of what is stored of a tensor. */
const KINDS = { halves: 0, levels: 1, integers: 2 } as const

/** What is stored of one tensor, piece by piece. */
export interface Pieces {
  /** Kind, shape, bits and lengths. */
  readonly header: Uint8Array
  /** Scales and offsets. */
  readonly scales: Uint8Array
  /** Which pair of them each patch uses. */
  readonly groups: Uint8Array
  readonly values: Uint8Array
}

const none = new Uint8Array(0)

/** All pieces, one after the other. */
export const whole = ({ header, scales, groups, values }: Pieces): Uint8Array => joined(header, scales, groups, values)

const head = (kind: keyof typeof KINDS, shape: readonly number[], ...more: readonly number[]) =>
  varints(KINDS[kind], shape.length, ...shape, ...more)

/** A tensor's values as symbols of so many bits. Fewer than three axes are the last ones of a single image. */
const symbolsOf = (shape: readonly number[], bits: number): SymbolShape => {
  const [height, width, channels] = [1, 1, 1, ...shape].slice(-3) as [number, number, number]
  return { bits, count: sizeOf(shape), height, width, channels }
}

/** One symbol for each patch. */
const pairSymbols = (pairs: number, count: number): SymbolShape => ({
  bits: Math.max(1, Math.ceil(Math.log2(pairs))),
  count,
  height: 1,
  width: count,
  channels: 1,
})

/** Quantized values: levels, and the scales that turn them into values. */
export function levelPieces(shape: readonly number[], scales: Scales, levels: Uint8Array): Pieces {
  const { bits, patch, groups, pairOf, step, low, unit, patches } = scales
  const table = new DataView(new ArrayBuffer(4 + 4 * step.length))
  table.setFloat32(0, unit, true)
  for (const [first, numbers] of [
    [4, step],
    [4 + 2 * step.length, low],
  ] as const)
    numbers.forEach((number, i) => setFloat16(table, first + 2 * i, unit === 0 ? 0 : number / unit, true))
  const pairs = groups === 0 ? none : encodeSymbols(pairOf, pairSymbols(step.length, patches.count))
  return {
    header: head('levels', shape, bits, patch, groups === 0 ? 0 : step.length, pairs.length),
    scales: new Uint8Array(table.buffer),
    groups: pairs,
    values: encodeSymbols(levels, symbolsOf(shape, bits)),
  }
}

/** How many bytes `levelPieces` takes at most, whatever the values are: without the gain of entropy coding. */
export function mostBytes(shape: readonly number[], { bits, patch, groups }: Quantization): number {
  const { count } = patchesOf(shape, patch)
  const grouped = groups > 0 && groups < count
  const pairs = grouped ? groups : count
  const chosen = grouped ? packedLength(pairSymbols(pairs, count)) : 0
  const header = head('levels', shape, bits, patch, grouped ? groups : 0, chosen).length
  return header + 4 + 4 * pairs + chosen + packedLength(symbolsOf(shape, bits))
}

/** Values as float16, in units of the largest, so that none overflows. */
export function halfPieces(shape: readonly number[], values: Float32Array): Pieces {
  const unit = values.reduce((most, value) => Math.max(most, Math.abs(value)), 0)
  const view = new DataView(new ArrayBuffer(4 + 2 * values.length))
  view.setFloat32(0, unit, true)
  values.forEach((value, i) => setFloat16(view, 4 + 2 * i, unit === 0 ? 0 : value / unit, true))
  return { header: head('halves', shape), scales: none, groups: none, values: new Uint8Array(view.buffer) }
}

/** Whole numbers without loss; undefined where they span more than 16 bits. */
export function integerPieces(shape: readonly number[], values: Int32Array): Pieces | undefined {
  const least = values.reduce((a, b) => Math.min(a, b), values[0] ?? 0)
  const span = values.reduce((most, value) => Math.max(most, value - least), 0)
  if (span >= 65_536) return undefined
  const bits = Math.max(1, Math.ceil(Math.log2(span + 1)))
  const symbols = Uint16Array.from(values, (value) => value - least)
  // A sign and a size: varints are of at least 0.
  const header = head('integers', shape, bits, least < 0 ? 1 : 0, Math.abs(least))
  return { header, scales: none, groups: none, values: encodeSymbols(symbols, symbolsOf(shape, bits)) }
}

/** Reads what the functions above wrote. @param source names the tensor in errors */
export function decodePieces(source: string, bytes: Uint8Array): Tensor {
  const reader = new ByteReader(source, bytes)
  const kind = reader.varint()
  const shape = Array.from({ length: reader.varint() }, () => reader.varint())
  return tensor(kind === KINDS.levels ? levels(reader, shape) : others(kind, reader, shape), shape)
}

function levels(reader: ByteReader, shape: readonly number[]): Float32Array {
  const [bits, patch, groups, length] = [reader.varint(), reader.varint(), reader.varint(), reader.varint()]
  const patches = patchesOf(shape, patch)
  const pairs = groups === 0 ? patches.count : groups
  const [unit, halves] = unitAndHalves(reader.take(4 + 4 * pairs))
  const numbers = halves.map((half) => half * unit)
  const [step, low] = [numbers.slice(0, pairs), numbers.slice(pairs)]
  const pairOf =
    groups === 0
      ? Int32Array.from({ length: pairs }, (_, p) => p)
      : Int32Array.from(decodeSymbols(reader.take(length), pairSymbols(pairs, patches.count)))
  const found = Uint8Array.from(decodeSymbols(reader.rest(), symbolsOf(shape, bits)))
  return valuesOf(found, { bits, patch, groups, patches, pairOf, unit, step, low })
}

function others(kind: number, reader: ByteReader, shape: readonly number[]): Values {
  if (kind === KINDS.halves) {
    const [unit, halves] = unitAndHalves(reader.take(4 + 2 * sizeOf(shape)))
    return halves.map((half) => half * unit)
  }
  const [bits, negative, size] = [reader.varint(), reader.varint(), reader.varint()]
  const least = negative === 1 ? -size : size
  return Int32Array.from(decodeSymbols(reader.rest(), symbolsOf(shape, bits)), (symbol) => symbol + least)
}

/** A float32, and the float16 numbers behind it, which float32 holds exactly. */
function unitAndHalves(bytes: Uint8Array): readonly [number, Float32Array] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const count = (bytes.byteLength - 4) / 2
  return [view.getFloat32(0, true), Float32Array.from({ length: count }, (_, i) => getFloat16(view, 4 + 2 * i, true))]
}
