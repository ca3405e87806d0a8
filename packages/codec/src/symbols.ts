import { HabaError } from '@haba/core'
import { BitDecoder, BitEncoder, BitModel, checkCoded } from './arithmetic-coder.js'
import { checkBytes } from './bytes.js'

/** Integers `0 … 2^bits − 1` in the layout of a tensor `[…, height, width, channels]`. */
export interface SymbolShape {
  /** `1 … 16` */
  readonly bits: number
  readonly count: number
  readonly height: number
  readonly width: number
  readonly channels: number
}

/** Number of classes of neighborhoods. */
const BUCKETS = 8
/** Sets of neighbors for the context, as sums of 1 (left), 2 (above) and 4 (the channel before). */
const NEIGHBORS = [0, 1, 3, 4, 7]
/** First byte of a stream of plain bits; otherwise it is 1 + the neighbors. */
const PACKED = 0

/** Codes symbols losslessly, with the neighbors that give the shortest stream, or as plain bits if these are shorter. */
export function encodeSymbols(symbols: ArrayLike<number>, shape: SymbolShape): Uint8Array {
  const streams = NEIGHBORS.map((neighbors) => {
    const encoder = new BitEncoder(modelFor(shape))
    const context = contexts(symbols, shape, neighbors)
    for (let i = 0; i < shape.count; i++) {
      const first = context(i)
      let node = 1
      for (let level = shape.bits - 1; level >= 0; level--) {
        const bit = (symbols[i]! >> level) & 1
        encoder.write(first + node, bit)
        node = 2 * node + bit
      }
    }
    return [neighbors + 1, ...encoder.end()]
  })
  const shortest = streams.reduce((best, stream) => (stream.length < best.length ? stream : best))
  return Uint8Array.from(shortest.length < packedLength(shape) ? shortest : [PACKED, ...pack(symbols, shape)])
}

/** The inverse of `encodeSymbols`. @throws HabaError if the stream cannot hold so many symbols */
export function decodeSymbols(source: string, stream: Uint8Array, shape: SymbolShape): Uint16Array {
  if (stream[0] === PACKED) checkBytes(source, stream.length, packedLength(shape), 'packed symbols')
  else checkStream(source, stream, shape)
  const symbols = new Uint16Array(shape.count)
  const bytes = stream.subarray(1)
  if (stream[0] === PACKED) {
    for (let at = 0; at < shape.count * shape.bits; at++) {
      const bit = (bytes[at >> 3]! >> (7 - (at & 7))) & 1
      const i = Math.floor(at / shape.bits)
      symbols[i] = 2 * symbols[i]! + bit
    }
    return symbols
  }
  const decoder = new BitDecoder(modelFor(shape), bytes)
  const context = contexts(symbols, shape, stream[0]! - 1)
  for (let i = 0; i < shape.count; i++) {
    const first = context(i)
    let node = 1
    for (let level = 0; level < shape.bits; level++) node = 2 * node + decoder.read(first + node)
    symbols[i] = node - 2 ** shape.bits
  }
  return symbols
}

function checkStream(source: string, stream: Uint8Array, { bits, count }: SymbolShape): void {
  const kind = stream[0] ?? 0
  if (!NEIGHBORS.includes(kind - 1))
    throw new HabaError(source, 'a kind of stream of 0, 1, 2, 4, 5 or 8', `${kind}`, 'The file is damaged.')
  checkCoded(source, stream.length, bits * count)
}

/** The maximum bytes of a stream. */
export const packedLength = ({ bits, count }: Pick<SymbolShape, 'bits' | 'count'>): number =>
  1 + Math.ceil((bits * count) / 8)

function pack(symbols: ArrayLike<number>, { bits, count }: SymbolShape): Uint8Array {
  const bytes = new Uint8Array(Math.ceil((bits * count) / 8))
  for (let at = 0; at < count * bits; at++) {
    const bit = (symbols[Math.floor(at / bits)]! >> (bits - 1 - (at % bits))) & 1
    bytes[at >> 3]! |= bit << (7 - (at & 7))
  }
  return bytes
}

const modelFor = ({ bits }: SymbolShape) => new BitModel(BUCKETS * 2 ** bits)

/**
 * The index of the first context of symbol i. Symbols whose neighbors are about equally large share contexts. A neighbor outside
 * of the tensor counts as half of the largest symbol.
 */
function contexts(symbols: ArrayLike<number>, shape: SymbolShape, neighbors: number): (i: number) => number {
  const { bits, height, width, channels } = shape
  const [size, half] = [2 ** bits, 2 ** (bits - 1)]
  const used = [1, 2, 4].filter((one) => neighbors & one).length
  if (used === 0) return () => 0
  return (i) => {
    const x = Math.floor(i / channels) % width
    const y = Math.floor(i / (channels * width)) % height
    let sum = 0
    if (neighbors & 1) sum += x > 0 ? symbols[i - channels]! : half
    if (neighbors & 2) sum += y > 0 ? symbols[i - channels * width]! : half
    if (neighbors & 4) sum += i % channels > 0 ? symbols[i - 1]! : half
    return size * Math.floor((sum * BUCKETS) / (used * size))
  }
}
