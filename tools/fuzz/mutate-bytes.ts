import type { Random } from './random.js'

/** Makes a damaged file of a good one. */
export type Mutation = (bytes: Uint8Array, random: Random) => Uint8Array

const bytesOfInterest = [0, 1, 2, 3, 8, 9, 10, 13, 0x20, 0x22, 0x2d, 0x30, 0x39, 0x7f, 0x80, 0xfe, 0xff]
const words = [0, 1, 2 ** 7, 2 ** 8, 2 ** 15, 2 ** 16 - 1, 2 ** 16, 2 ** 24, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1]

/** Half of all places are near the front, where headers are, and a tenth near the end. */
function placeIn(length: number, random: Random): number {
  const where = random.unit()
  if (where < 0.5) return random.below(Math.min(length, 200))
  if (where < 0.6) return length - 1 - random.below(Math.min(length, 200))
  return random.below(length)
}

/** Where a piece begins and ends: mostly short ones. */
function pieceOf(length: number, random: Random): readonly [number, number] {
  const from = placeIn(length, random)
  const longest = random.unit() < 0.7 ? 32 : length
  return [from, Math.min(length, from + 1 + random.below(longest))]
}

const joined = (...parts: readonly Uint8Array[]) => new Uint8Array(Buffer.concat(parts))

const operations: readonly Mutation[] = [
  function flipBit(bytes, random) {
    const copy = bytes.slice()
    copy[placeIn(copy.length, random)]! ^= 1 << random.below(8)
    return copy
  },
  function setByte(bytes, random) {
    const copy = bytes.slice()
    copy[placeIn(copy.length, random)] = random.unit() < 0.5 ? random.pick(bytesOfInterest) : random.below(256)
    return copy
  },
  function setWord(bytes, random) {
    const copy = bytes.slice()
    const size = random.pick([2, 4, 4, 8])
    if (copy.length < size) return copy
    const at = Math.min(
      copy.length - size,
      random.unit() < 0.7 ? placeIn(copy.length, random) & ~3 : placeIn(copy.length, random),
    )
    const view = new DataView(copy.buffer, copy.byteOffset)
    const [word, little] = [random.pick(words), random.unit() < 0.5]
    if (size === 2) view.setUint16(at, word % 2 ** 16, little)
    else if (size === 4) view.setUint32(at, word, little)
    else view.setBigUint64(at, random.pick([BigInt(word), 2n ** 63n, 2n ** 64n - 1n, 2n ** 53n, 2n ** 40n]), little)
    return copy
  },
  (bytes, random) => bytes.slice(0, random.below(bytes.length)),
  (bytes, random) => bytes.slice(0, Math.max(0, bytes.length - 1 - random.below(16))),
  (bytes, random) => joined(bytes, new Uint8Array(1 + random.below(64)).fill(random.pick(bytesOfInterest))),
  function removePiece(bytes, random) {
    const [from, to] = pieceOf(bytes.length, random)
    return joined(bytes.subarray(0, from), bytes.subarray(to))
  },
  function repeatPiece(bytes, random) {
    const [from, to] = pieceOf(bytes.length, random)
    const times = 1 + random.below(3)
    return joined(
      bytes.subarray(0, to),
      ...new Array<Uint8Array>(times).fill(bytes.subarray(from, to)),
      bytes.subarray(to),
    )
  },
  function swapPieces(bytes, random) {
    const size = 1 + random.below(Math.min(64, Math.ceil(bytes.length / 2)))
    const [a, b] = [random.below(bytes.length - size + 1), random.below(bytes.length - size + 1)]
    const copy = bytes.slice()
    copy.set(bytes.subarray(a, a + size), b)
    copy.set(bytes.subarray(b, b + size), a)
    return copy
  },
  function fillPiece(bytes, random) {
    const [from, to] = pieceOf(bytes.length, random)
    return bytes.slice().fill(random.pick(bytesOfInterest), from, to)
  },
]

/** One to four operations on bytes, whatever they mean. */
export const anyBytes: Mutation = (bytes, random) => {
  let now = bytes
  for (let left = random.pick([1, 1, 1, 2, 4]); left > 0 && now.length > 0; left--)
    now = random.pick(operations)(now, random)
  return now
}

const numbers = ['0', '-1', '1', '0.5', '255', '256', '65536', '2147483648', '4294967296', '1e12', '1e15']
const moreNumbers = ['9007199254740993', '1e308', '1e400', '-0', '99999999999999999999', 'NaN', 'Infinity', '']

/** Replaces numbers that are written as text, such as sizes in a header, by others; of the first 4,096 bytes. */
export const numbersInText: Mutation = (bytes, random) => {
  const head = Buffer.from(bytes.subarray(0, 4096)).toString('latin1')
  const found = [...head.matchAll(/-?\d+(\.\d+)?/g)]
  if (found.length === 0) return anyBytes(bytes, random)
  const hit = random.pick(found)
  const other = Buffer.from(random.pick([...numbers, ...moreNumbers]), 'latin1')
  return joined(bytes.subarray(0, hit.index), other, bytes.subarray(hit.index + hit[0].length))
}
