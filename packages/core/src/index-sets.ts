/** The sizes of sets of integers, one set per row. */
export interface IndexSets {
  readonly rows: number
  /** Integers in each row. */
  readonly size: number
  /** Exclusive upper bound of the integers. */
  readonly below: number
}

const bitsOfOne = (below: number) => Math.ceil(Math.log2(below))

/** Whether a bitmap of `below` bits is smaller than a list of integers. */
const asBitmap = ({ size, below }: IndexSets) => below < size * bitsOfOne(below)

/** The bits of packed sets: per row the smaller of `size · ⌈log₂ below⌉` (a list) and `below` (a bitmap). */
export const bitsOfIndexSets = (sets: IndexSets): number =>
  sets.rows * (asBitmap(sets) ? sets.below : sets.size * bitsOfOne(sets.below))

/**
 * Packs ascending rows, `[rows · size]`, into `⌈bits / 32⌉` words without gaps between rows, least significant bits first.
 */
export function packIndexSets(values: Int32Array, sets: IndexSets): Int32Array {
  const { rows, size, below } = sets
  const words = new Int32Array(Math.ceil(bitsOfIndexSets(sets) / 32))
  const set = (bit: number) => (words[bit >> 5]! |= 1 << (bit & 31))
  if (asBitmap(sets)) values.forEach((value, i) => set(Math.floor(i / size) * below + value))
  else {
    const bits = bitsOfOne(below)
    for (let i = 0; i < rows * size; i++) for (let b = 0; b < bits; b++) if ((values[i]! >> b) & 1) set(i * bits + b)
  }
  return words
}

/** The inverse of `packIndexSets`. */
export function unpackIndexSets(words: Int32Array, sets: IndexSets): Int32Array {
  const { rows, size, below } = sets
  const has = (bit: number) => (words[bit >> 5]! >> (bit & 31)) & 1
  if (asBitmap(sets))
    return Int32Array.from(
      Array.from({ length: rows }, (_, row) =>
        Array.from({ length: below }, (_, i) => i).filter((i) => has(row * below + i) === 1),
      ).flat(),
    )
  const bits = bitsOfOne(below)
  return Int32Array.from({ length: rows * size }, (_, i) =>
    Array.from({ length: bits }, (_, b) => has(i * bits + b) << b).reduce((sum, part) => sum + part, 0),
  )
}
