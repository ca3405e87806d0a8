import { HabaError, sizeOf, tensor, varints, type Values } from '@haba/core'
import type { Tensor } from '@tensorflow/tfjs-core'
import { getFloat16, setFloat16 } from '@petamoriken/float16'
import { checkCoded } from './arithmetic-coder.js'
import { ByteReader, joined } from './bytes.js'
import { valuesOf, type Quantization, type Scales } from './scales.js'
import { patchesOf } from './patches.js'
import { blocksOf, decodeLevels, encodeLevels, MOST_BITS, valuesOfLevels } from './transform.js'
import { decodeSymbols, encodeSymbols, packedLength, type SymbolShape } from './symbols.js'

/** Most axes of a tensor. */
const MOST_AXES = 8
/** Most channels of a transform, which takes a matrix of channels × channels. */
const MOST_CHANNELS = 1024

/** The first byte of a stored tensor. */
const KINDS = { halves: 0, levels: 1, integers: 2, coefficients: 3 } as const

/** The stored pieces of one tensor. */
export interface Pieces {
  /** Kind, shape, bits and lengths. */
  readonly header: Uint8Array
  /** Scales and offsets. */
  readonly scales: Uint8Array
  /** The index of each patch's pair of scale and offset. */
  readonly groups: Uint8Array
  readonly values: Uint8Array
}

const none = new Uint8Array(0)

/** All pieces, concatenated. */
export const whole = ({ header, scales, groups, values }: Pieces): Uint8Array => joined(header, scales, groups, values)

const head = (kind: keyof typeof KINDS, shape: readonly number[], ...more: readonly number[]) =>
  varints(KINDS[kind], shape.length, ...shape, ...more)

/** The values of a tensor as symbols of so many bits. With fewer than three axes they are the last axes of one image. */
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

/** Maximum bytes of `levelPieces` for any values: without the gain of entropy coding. */
export function mostBytes(shape: readonly number[], { bits, patch, groups }: Quantization): number {
  const { count } = patchesOf(shape, patch)
  const grouped = groups > 0 && groups < count
  const pairs = grouped ? groups : count
  const chosen = grouped ? packedLength(pairSymbols(pairs, count)) : 0
  const header = head('levels', shape, bits, patch, grouped ? groups : 0, chosen).length
  return header + 4 + 4 * pairs + chosen + packedLength(symbolsOf(shape, bits))
}

/** Levels of coefficients. @param bits bits of each symbol */
export function coefficientPieces(
  shape: readonly number[],
  { block, step, coefficients }: { readonly block: number; readonly step: number; readonly coefficients: Int32Array },
  bits: number,
): Pieces {
  if (shape.at(-1)! > MOST_CHANNELS)
    throw new HabaError(
      'codec',
      `a transform over at most ${MOST_CHANNELS} channels`,
      `${shape.at(-1)}`,
      'Use "transform": "none".',
    )
  const scales = new Uint8Array(4)
  new DataView(scales.buffer).setFloat32(0, step, true)
  const header = head('coefficients', shape, bits, block)
  return { header, scales, groups: none, values: encodeLevels(coefficients, blocksOf(shape, block), bits) }
}

/** Values as float16 multiples of the largest absolute value, so that none overflows. */
export function halfPieces(shape: readonly number[], values: Float32Array): Pieces {
  const unit = values.reduce((most, value) => Math.max(most, Math.abs(value)), 0)
  const view = new DataView(new ArrayBuffer(4 + 2 * values.length))
  view.setFloat32(0, unit, true)
  values.forEach((value, i) => setFloat16(view, 4 + 2 * i, unit === 0 ? 0 : value / unit, true))
  return { header: head('halves', shape), scales: none, groups: none, values: new Uint8Array(view.buffer) }
}

/** Integers, losslessly; undefined if their range needs more than 16 bits. */
export function integerPieces(shape: readonly number[], values: Int32Array): Pieces | undefined {
  const least = values.reduce((a, b) => Math.min(a, b), values[0] ?? 0)
  const span = values.reduce((most, value) => Math.max(most, value - least), 0)
  if (span >= 65_536) return undefined
  const bits = Math.max(1, Math.ceil(Math.log2(span + 1)))
  const symbols = Uint16Array.from(values, (value) => value - least)
  // Sign and magnitude, because varints are non-negative.
  const header = head('integers', shape, bits, least < 0 ? 1 : 0, Math.abs(least))
  return { header, scales: none, groups: none, values: encodeSymbols(symbols, symbolsOf(shape, bits)) }
}

/** Decodes the pieces of one tensor. @param source the tensor, for errors */
export function decodePieces(source: string, bytes: Uint8Array): Tensor {
  const reader = new ByteReader(source, bytes)
  const kind = reader.count('a kind', KINDS.coefficients)
  const shape = Array.from({ length: reader.count('a number of axes', MOST_AXES) }, () => reader.varint())
  // Check the number of values before any array of that size is allocated.
  checkCoded(source, bytes.length, sizeOf(shape))
  if (kind === KINDS.coefficients) return tensor(coefficients(reader, shape), shape)
  return tensor(kind === KINDS.levels ? levels(reader, shape) : others(kind, reader, shape), shape)
}

function coefficients(reader: ByteReader, shape: readonly number[]): Float32Array {
  const [bits, block] = [bitsIn(reader, MOST_BITS), reader.count('a block', 64)]
  const step = reader.take(4)
  if (shape.length < 3 || block < 1 || sizeOf(shape) === 0 || shape.at(-1)! > MOST_CHANNELS)
    throw new HabaError(reader.source, 'blocks of images', `${block} of [${shape}]`, 'The file is damaged.')
  const blocks = blocksOf(shape, block)
  const rest = reader.rest()
  checkCoded(reader.source, rest.length, bits * sizeOf(shape))
  const found = decodeLevels(rest, blocks, bits)
  return valuesOfLevels(found, new DataView(step.buffer, step.byteOffset).getFloat32(0, true), blocks)
}

function levels(reader: ByteReader, shape: readonly number[]): Float32Array {
  const [bits, patch] = [bitsIn(reader, 8), reader.count('a patch', 255)]
  const [groups, length] = [reader.varint(), reader.varint()]
  if (patch < 1 || sizeOf(shape) === 0)
    throw new HabaError(reader.source, 'patches of values', `${patch} of [${shape}]`, 'The file is damaged.')
  const patches = patchesOf(shape, patch)
  const pairs = groups === 0 ? patches.count : groups
  const [unit, halves] = unitAndHalves(reader.take(4 + 4 * pairs))
  const numbers = halves.map((half) => half * unit)
  const [step, low] = [numbers.slice(0, pairs), numbers.slice(pairs)]
  const pairOf =
    groups === 0
      ? Int32Array.from({ length: pairs }, (_, p) => p)
      : Int32Array.from(decodeSymbols(reader.source, reader.take(length), pairSymbols(pairs, patches.count)))
  const wrong = pairOf.findIndex((pair) => pair >= pairs)
  if (wrong >= 0)
    throw new HabaError(reader.source, `${pairs} pairs`, `number ${pairOf[wrong]} of them`, 'The file is damaged.')
  const found = Uint8Array.from(decodeSymbols(reader.source, reader.rest(), symbolsOf(shape, bits)))
  return valuesOf(found, { bits, patch, groups, patches, pairOf, unit, step, low })
}

function others(kind: number, reader: ByteReader, shape: readonly number[]): Values {
  if (kind === KINDS.halves) {
    const [unit, halves] = unitAndHalves(reader.take(4 + 2 * sizeOf(shape)))
    return halves.map((half) => half * unit)
  }
  const [bits, negative, size] = [bitsIn(reader, 16), reader.count('a sign', 1), reader.count('a least value', 2 ** 31)]
  const least = negative === 1 ? -size : size
  return Int32Array.from(
    decodeSymbols(reader.source, reader.rest(), symbolsOf(shape, bits)),
    (symbol) => symbol + least,
  )
}

/** Bits of a symbol. */
function bitsIn(reader: ByteReader, most: number): number {
  const bits = reader.count('bits of a value', most)
  if (bits < 1) throw new HabaError(reader.source, 'bits of a value of at least 1', `${bits}`, 'The file is damaged.')
  return bits
}

/** A float32 unit and the float16 numbers after it, exactly as float32. */
function unitAndHalves(bytes: Uint8Array): readonly [number, Float32Array] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const count = (bytes.byteLength - 4) / 2
  return [view.getFloat32(0, true), Float32Array.from({ length: count }, (_, i) => getFloat16(view, 4 + 2 * i, true))]
}
