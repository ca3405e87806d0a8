import { HabaError, type ImageShape } from '@haba/core'
import { decoder, filesAtOnce, firstLine, sameShape, type Decoding, type DecodingProgress } from './decode-images.js'
import { eachAtOnce } from './each-at-once.js'
import type { Shard } from './parquet-shard.js'
import { valuesOf } from './pixels.js'

interface ReadShardsOptions {
  readonly half: 'train' | 'test'
  readonly shards: readonly Shard[]
  /** What every image must be. @default as the first one is */
  readonly image?: ImageShape
  readonly decoding: Decoding
  readonly onProgress: ((progress: DecodingProgress) => void) | undefined
}

interface ReadHalf {
  readonly image: ImageShape
  readonly pixels: Uint8Array
  readonly labels: readonly (string | number)[]
}

/** Decodes the images of several files into one array; no more than one row group is in memory beside it. */
export async function readShards({
  half,
  shards,
  decoding,
  onProgress,
  ...options
}: ReadShardsOptions): Promise<ReadHalf> {
  const total = shards.flatMap(({ groups }) => groups).reduce((sum, rows) => sum + rows, 0)
  const decode = await decoder(decoding)
  const labels: (string | number)[] = []
  let { image } = options
  let pixels = new Uint8Array(0)
  for (const { file, groups, read } of shards) {
    let start = 0
    for (const count of groups) {
      const rows = await read(start, start + count)
      const at = labels.length
      const place = async (i: number) => {
        const where = `${file}, row ${start + i}`
        const decoded = await decode(rows[i]!.bytes).catch((cause: unknown) => {
          throw new HabaError(where, 'a PNG or JPEG image', firstLine(cause), 'Mend or remove the row.', { cause })
        })
        image ??= decoded.image
        const size = valuesOf(image)
        if (!sameShape(decoded.image, image))
          throw new HabaError(
            where,
            `an image of ${image[0]}×${image[1]}`,
            `${decoded.image[0]}×${decoded.image[1]}`,
            'Give `size` to bring all to one size.',
          )
        if (pixels.length === 0) pixels = new Uint8Array(total * size)
        pixels.set(decoded.data, (at + i) * size)
      }
      if (at === 0 && count > 0) await place(0) // settles the shape
      await eachAtOnce(rows.length, filesAtOnce, place)
      for (const { label } of rows) labels.push(label)
      start += count
      onProgress?.({ half, done: labels.length, total })
    }
  }
  if (!image) throw new HabaError(shards[0]!.file, 'at least one image', 'no rows', 'Check the files.')
  return { image, pixels, labels }
}
