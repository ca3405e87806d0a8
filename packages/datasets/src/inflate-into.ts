import type { Readable, Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'

/** Maximum output of one byte of deflate, in bytes: two bits can encode 258. */
export const MOST_INFLATED = 1032

interface InflateOptions {
  readonly source: Readable
  /** Length of the source, in bytes. */
  readonly stored: number
  readonly inflater: Transform
  /** The total number of bytes, from the first ones; undefined if these are too few to tell. */
  readonly length: (first: Buffer) => number | undefined
}

/** Decompresses a stream into one array of the final length, so that nothing is in memory twice. */
export async function inflateInto({ source, stored, inflater, length }: InflateOptions): Promise<Uint8Array> {
  let first = Buffer.alloc(0)
  let whole: Uint8Array | undefined
  let at = 0
  await pipeline(source, inflater, async (chunks: AsyncIterable<Buffer>) => {
    for await (const chunk of chunks) {
      let rest = chunk
      if (!whole) {
        first = Buffer.concat([first, chunk])
        const all = length(first)
        if (all === undefined) continue
        if (all > MOST_INFLATED * stored)
          throw new Error(`${stored} bytes that claim to hold ${all}, which is impossible`)
        whole = new Uint8Array(all)
        rest = first
      }
      if (at + rest.length > whole.length) throw new Error(`more than the announced ${whole.length} bytes`)
      whole.set(rest, at)
      at += rest.length
    }
  })
  if (!whole) throw new Error(`${first.length} bytes`)
  if (at !== whole.length) throw new Error(`${at} bytes of ${whole.length}`)
  return whole
}
