import { HabaError } from '@haba/core'

/** 2¹⁶, the unit of probabilities. */
const ONE = 65_536
/** Least probability of a bit. */
const LEAST = 32
/** After this many bits a model follows changes instead of averaging over all bits. */
const MEMORY = 254

/**
 * Adaptive probabilities that the next bit is 1. After n bits a probability moves towards the next bit by 1 / (n + 2)
 * (Krichevsky and Trofimov). All arithmetic is on integers, so that it is the same on every machine.
 */
export class BitModel {
  private readonly ones: Uint32Array
  private readonly seen: Uint8Array

  constructor(contexts: number) {
    this.ones = new Uint32Array(contexts).fill(ONE / 2)
    this.seen = new Uint8Array(contexts)
  }

  /** Probability of a 1, in units of 1 / 65,536: between 32 and 65,504. */
  probability(context: number): number {
    return Math.min(ONE - LEAST, Math.max(LEAST, this.ones[context]!))
  }

  learn(context: number, bit: number): void {
    const [ones, seen] = [this.ones[context]!, this.seen[context]!]
    this.ones[context] = ones + Math.floor((bit * ONE - ones) / (seen + 2))
    if (seen < MEMORY) this.seen[context] = seen + 1
  }
}

/** The upper end of the part of `[low, high]` that codes a 1. */
const split = (low: number, high: number, probability: number): number =>
  low + Math.floor(((high - low) * probability) / ONE)

/** A binary arithmetic coder: narrows a range of 32-bit numbers and writes the leading bytes that its ends share. */
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

  /** All bytes. A decoder reads zeros after the end. */
  end(): Uint8Array {
    // The ends differ in their first byte, so this byte plus one, followed by zeros, lies between them.
    return Uint8Array.from(this.low === 0 ? this.bytes : [...this.bytes, (this.low >>> 24) + 1])
  }
}

/** A bit takes at least log₂ (1 / (1 − 32 / 65,536)) bits, so a byte holds at most 11,356 of them. */
const MOST_BITS = Math.ceil(8 / -Math.log2(1 - LEAST / ONE))

/** @throws HabaError if so many bytes, and zeros after them, cannot hold so many bits */
export function checkCoded(source: string, bytes: number, bits: number): void {
  if (!(bits <= MOST_BITS * (bytes + 5)))
    throw new HabaError(
      source,
      `at most ${MOST_BITS * (bytes + 5)} bits in ${bytes} bytes`,
      `${bits}`,
      'The file is damaged.',
    )
}

/** Decodes the output of `BitEncoder`, with a fresh model of the same number of contexts. */
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
