import { HabaError } from '@haba/core'

/** Two to the 16th: probabilities are shares of it. */
const ONE = 65_536
/** No bit is ever thought less probable than this share. */
const LEAST = 32
/** From so many bits on, a model follows changes instead of averaging all it has seen. */
const MEMORY = 254

/**
 * Probabilities that the next bit is 1, learned from the bits so far: each moves to what came by a share of 1 / (n + 2) after
 * n bits (Krichevsky and Trofimov). All whole numbers, so that every machine learns the same.
 */
export class BitModel {
  private readonly ones: Uint32Array
  private readonly seen: Uint8Array

  constructor(contexts: number) {
    this.ones = new Uint32Array(contexts).fill(ONE / 2)
    this.seen = new Uint8Array(contexts)
  }

  /** Probability of a 1, as a share of 65,536: between 32 and 65,504. */
  probability(context: number): number {
    return Math.min(ONE - LEAST, Math.max(LEAST, this.ones[context]!))
  }

  learn(context: number, bit: number): void {
    const [ones, seen] = [this.ones[context]!, this.seen[context]!]
    this.ones[context] = ones + Math.floor((bit * ONE - ones) / (seen + 2))
    if (seen < MEMORY) this.seen[context] = seen + 1
  }
}

/** The upper end of the part of `[low, high]` that stands for a 1. */
const split = (low: number, high: number, probability: number): number =>
  low + Math.floor(((high - low) * probability) / ONE)

/** An arithmetic coder of bits: narrows a range of 32-bit numbers, and writes the leading bytes that its ends share. */
export class BitEncoder {
  private low = 0
  private high = 0xffffffff
  private readonly bytes: number[] = []

  constructor(private readonly model: BitModel) {}

  write(context: number, bit: number): void {
    const middle = split(this.low, this.high, this.model.probability(context))
    if (bit === 1) this.high = middle
    else this.low = middle + 1
    while (this.low >>> 24 === this.high >>> 24) {
      this.bytes.push(this.low >>> 24)
      this.low = (this.low << 8) >>> 0
      this.high = ((this.high << 8) | 255) >>> 0
    }
    this.model.learn(context, bit)
  }

  /** All that was written. A reader takes what follows the end for zeros. */
  end(): Uint8Array {
    // The ends differ in their first byte: the next byte and zeros lie between them.
    return Uint8Array.from(this.low === 0 ? this.bytes : [...this.bytes, (this.low >>> 24) + 1])
  }
}

/** The least that a bit takes is log₂ (1 / (1 − 32 / 65,536)): a byte holds 11,356 bits at most. */
const MOST_BITS = Math.ceil(8 / -Math.log2(1 - LEAST / ONE))

/** @throws HabaError for more bits than so many bytes, and the zeros that may follow them, can hold */
export function checkCoded(source: string, bytes: number, bits: number): void {
  if (!(bits <= MOST_BITS * (bytes + 5)))
    throw new HabaError(
      source,
      `at most ${MOST_BITS * (bytes + 5)} bits in ${bytes} bytes`,
      `${bits}`,
      'The file is damaged.',
    )
}

/** Reads what `BitEncoder` wrote, with a fresh model of as many contexts. */
export class BitDecoder {
  private low = 0
  private high = 0xffffffff
  private code = 0
  private at = 0

  constructor(
    private readonly model: BitModel,
    private readonly bytes: Uint8Array,
  ) {
    for (let i = 0; i < 4; i++) this.shift()
  }

  private shift(): void {
    this.code = ((this.code << 8) | (this.bytes[this.at++] ?? 0)) >>> 0
  }

  read(context: number): number {
    const middle = split(this.low, this.high, this.model.probability(context))
    const bit = this.code <= middle ? 1 : 0
    if (bit === 1) this.high = middle
    else this.low = middle + 1
    while (this.low >>> 24 === this.high >>> 24) {
      this.low = (this.low << 8) >>> 0
      this.high = ((this.high << 8) | 255) >>> 0
      this.shift()
    }
    this.model.learn(context, bit)
    return bit
  }
}
