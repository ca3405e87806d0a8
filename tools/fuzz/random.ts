import { crc32 } from 'node:zlib'

/** A generator of random numbers: the same text gives the same numbers (mulberry32). */
export interface Random {
  /** In `[0, 1)`. */
  unit(): number
  /** A whole number in `[0, below)`. */
  below(below: number): number
  /** One member of a list. */
  pick<T>(list: readonly T[]): T
}

export function randomFrom(text: string): Random {
  let state = crc32(text)
  const unit = () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
  const below = (end: number) => Math.floor(unit() * end)
  return { unit, below, pick: (list) => list[below(list.length)]! }
}
