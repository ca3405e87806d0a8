import { HabaError } from '../errors.js'
import type { Key } from '../spec/random.js'

const rotate = (x: number, by: number): number => (x << by) | (x >>> (32 - by))

/** Threefry-2x32 with 20 rounds (Salmon et al. 2011), as in JAX: a keyed permutation of 64-bit counters. */
export function threefry(key: Key, c0: number, c1: number): readonly [number, number] {
  const words = new Uint32Array(2)
  shuffle(key, c0, c1, words, 0)
  return [words[0]!, words[1]!]
}

/** Writes the two words of a counter to `words` at `at`. */
function shuffle(key: Key, c0: number, c1: number, words: Uint32Array, at: number): void {
  let [a, b, c] = [key.hi | 0, key.lo | 0, (key.hi ^ key.lo ^ 0x1bd11bda) | 0]
  let x0 = (c0 + a) | 0
  let x1 = (c1 + b) | 0
  for (let round = 0; round < 5; round++) {
    const odd = round % 2 === 1
    x1 = rotate(x1, odd ? 17 : 13) ^ (x0 = (x0 + x1) | 0)
    x1 = rotate(x1, odd ? 29 : 15) ^ (x0 = (x0 + x1) | 0)
    x1 = rotate(x1, odd ? 16 : 26) ^ (x0 = (x0 + x1) | 0)
    x1 = rotate(x1, odd ? 24 : 6) ^ (x0 = (x0 + x1) | 0)
    ;[a, b, c] = [b, c, a]
    x0 = (x0 + a) | 0
    x1 = (x1 + b + round + 1) | 0
  }
  words[at] = x0
  words[at + 1] = x1
}

type Use = 'drawn from' | 'folded by number'

const uses = new WeakMap<Key, Use>()

/** A draw and a fold by number read the same counters: child n of a key equals its words 2n and 2n + 1. So a key allows only one of them. */
function useAs(key: Key, use: Use): void {
  const before = uses.get(key)
  if (before === undefined) uses.set(key, use)
  else if (before !== use)
    throw new HabaError(
      'key',
      `a key that is only ${before}`,
      `one that is ${use}, too`,
      'Fold in a name first, such as foldIn(key, "rows"); otherwise numbers would repeat.',
    )
}

/** The key of a seed. */
export const keyFrom = (seed: number): Key => ({ hi: Math.floor(seed / 2 ** 32) >>> 0, lo: seed >>> 0 })

/**
 * A separate key for a purpose or a step: draws from `foldIn(key, 'augment')` never change those from `foldIn(key, 'rows')`.
 *
 * @param label a name, or a non-negative integer
 * @throws HabaError for a number if the same key object was drawn from: its children would repeat its numbers
 */
export function foldIn(key: Key, label: string | number): Key {
  if (typeof label === 'number') useAs(key, 'folded by number')
  // Numbers and names use different counters, so that 7 and '7' differ. Names are hashed by FNV-1a.
  let hash = 0x811c9dc5
  for (const unit of String(label)) hash = Math.imul(hash ^ unit.codePointAt(0)!, 0x01000193)
  const [hi, lo] =
    typeof label === 'number'
      ? threefry(key, Math.floor(label / 2 ** 32) | 0, label | 0)
      : threefry({ hi: key.hi ^ 0x9e3779b9, lo: key.lo }, hash, String(label).length)
  return { hi, lo }
}

/**
 * `count` words of 32 random bits.
 *
 * @throws HabaError if the same key object was folded by number: its children would repeat these words
 */
export function bits(key: Key, count: number): Uint32Array {
  useAs(key, 'drawn from')
  const words = new Uint32Array(count + (count % 2))
  for (let i = 0; i < words.length; i += 2) shuffle(key, 0, i / 2, words, i)
  return words.subarray(0, count)
}

/** `count` floats in `[low, high)`, with 24 random bits each. @param low @default 0 @param high @default 1 */
export function uniform(key: Key, count: number, low = 0, high = 1): Float32Array {
  const words = bits(key, count)
  const floats = new Float32Array(count)
  // A loop, because `Float32Array.from` is several times slower and networks are initialized here.
  for (let i = 0; i < count; i++) floats[i] = low + (high - low) * ((words[i]! >>> 8) / 2 ** 24)
  return floats
}

/** `count` floats of mean 0 and standard deviation 1 (Box and Muller). */
export function normal(key: Key, count: number): Float32Array {
  const words = bits(key, 2 * count)
  return Float32Array.from({ length: count }, (_, i) => {
    const radius = Math.sqrt(-2 * Math.log(((words[2 * i]! >>> 8) + 0.5) / 2 ** 24))
    return radius * Math.cos((2 * Math.PI * words[2 * i + 1]!) / 2 ** 32)
  })
}

/** `count` integers `0 … below-1`. */
export function integers(key: Key, count: number, below: number): Int32Array {
  return Int32Array.from(bits(key, count), (word) => Math.floor((word / 2 ** 32) * below))
}

/** The numbers `0 … count-1` in random order (Fisher and Yates). */
export function permutation(key: Key, count: number): Int32Array {
  const order = Int32Array.from({ length: count }, (_, i) => i)
  const words = bits(key, count)
  for (let i = count - 1; i > 0; i--) {
    const j = Math.floor((words[i]! / 2 ** 32) * (i + 1))
    ;[order[i], order[j]] = [order[j]!, order[i]!]
  }
  return order
}
