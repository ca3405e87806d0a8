import { basename } from 'node:path'
import { HabaError, type ImageShape } from '@haba/core'
import { filesAtOnce, type DecodingProgress } from './decode-images.js'
import { decoder, type Decoding } from './decoder.js'
import { eachAtOnce } from './each-at-once.js'
import { findingsOf, type Fault, type Settled } from './findings.js'
import type { Shard } from './parquet-shard.js'
import { roomFor, valuesOf } from './pixels.js'

interface ReadShardsOptions {
  readonly half: 'train' | 'test'
  readonly shards: readonly Shard[]
  /** Required shape of every image. @default that of the first one */
  readonly image?: ImageShape
  readonly decoding: Decoding
  /** Whether unreadable images are skipped. */
  readonly skipCorrupt: boolean
  readonly onProgress?: ((progress: DecodingProgress) => void) | undefined
  readonly onFault?: ((fault: Fault) => void) | undefined
}

interface ReadHalf extends Settled {
  readonly image: ImageShape
  /** Labels of the kept images: numbers, or names if the file has names. */
  readonly labels: readonly (string | number)[]
}

/** Decodes the images of several files into one array; at most one row group is in memory beside it. */
export async function readShards({ shards, onProgress, ...options }: ReadShardsOptions): Promise<ReadHalf> {
  const { half, decoding } = options
  const rowsOf = ({ groups }: Shard) => groups.reduce((sum, rows) => sum + rows, 0)
  const total = shards.reduce((sum, shard) => sum + rowsOf(shard), 0)
  const rowOf = (index: number, name: (file: string) => string) => {
    let [row, at] = [index, 0]
    while (row >= rowsOf(shards[at]!)) row -= rowsOf(shards[at++]!)
    return `${name(shards[at]!.file)}, row ${row}`
  }
  const whereOf = (index: number) => rowOf(index, (file) => file)
  const nameOf = (index: number) => rowOf(index, (file) => basename(file))
  const decode = await decoder(decoding)
  const findings = findingsOf({ ...options, place: shards[0]!.file, count: total, whereOf, nameOf })
  const labels: (string | number)[] = []
  let { image } = options
  let pixels: Uint8Array | undefined
  for (const { groups, read } of shards) {
    let start = 0
    for (const count of groups) {
      const rows = await read(start, start + count)
      const at = labels.length
      const place = async (i: number) => {
        const { bytes } = rows[i]!
        const decoded = await decode(bytes).catch((error: unknown) => findings.unreadable(at + i, error))
        if (!decoded) return
        image ??= decoded.image
        pixels ??= roomFor(total, image, shards[0]!.file)
        if (findings.fits(at + i, decoded, image)) pixels.set(decoded.data, (at + i) * valuesOf(image))
      }
      let first = 0
      while (!image && first < rows.length) await place(first++) // one at a time until one determines the shape
      await eachAtOnce(rows.length - first, filesAtOnce, (i) => place(first + i))
      for (const { label } of rows) labels.push(label)
      start += count
      onProgress?.({ half, done: labels.length, total })
    }
  }
  const settled = findings.settle(pixels ?? new Uint8Array(0), image ?? [0, 0, 0])
  if (!image || settled.kept.length === 0)
    throw new HabaError(
      shards[0]!.file,
      'at least one image',
      total === 0 ? 'no rows' : 'no readable one',
      'Check the files.',
    )
  return { ...settled, image, labels: settled.kept.map((index) => labels[index]!) }
}
