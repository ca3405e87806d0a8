import { HabaError } from '@haba/core'

/** Concatenates bytes. */
export function joined(...pieces: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length, 0))
  let at = 0
  for (const piece of pieces) {
    whole.set(piece, at)
    at += piece.length
  }
  return whole
}

/** @throws HabaError if the number of bytes is wrong */
export function checkBytes(source: string, got: number, expected: number, what: string): void {
  if (got !== expected) throw new HabaError(source, `${expected} bytes of ${what}`, `${got}`, 'The file is damaged.')
}

/** Reads bytes in order. @throws HabaError naming the source if they end too early */
export class ByteReader {
  private at = 0

  constructor(
    readonly source: string,
    private readonly bytes: Uint8Array,
  ) {}

  take(count: number): Uint8Array {
    if (this.at + count > this.bytes.length)
      throw new HabaError(
        this.source,
        `${this.at + count} bytes or more`,
        `${this.bytes.length}`,
        'The file is damaged.',
      )
    return this.bytes.subarray(this.at, (this.at += count))
  }

  /** Reads an integer of at most `most`. @param what its name in errors */
  count(what: string, most: number): number {
    const found = this.varint()
    if (found > most) throw new HabaError(this.source, `${what} of at most ${most}`, `${found}`, 'The file is damaged.')
    return found
  }

  varint(): number {
    let [number, factor] = [0, 1]
    for (;;) {
      const byte = this.take(1)[0]!
      number += (byte % 128) * factor
      if (byte < 128) return number
      factor *= 128
    }
  }

  rest(): Uint8Array {
    return this.take(this.bytes.length - this.at)
  }
}
