import { cp, mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import sharp from 'sharp'
import { fromJpegSheet, toJpegSheet } from '@haba/datasets'
import { decodeImages } from '../../../packages/datasets/src/decode-images.js'
import { readCache, writeCache } from '../../../packages/datasets/src/decoded-cache.js'
import { openShard } from '../../../packages/datasets/src/parquet-shard.js'
import { readShards } from '../../../packages/datasets/src/read-shards.js'
import { unpack } from '../../../packages/datasets/src/unpack.js'
import { create } from 'tar'
import { zipSync } from 'fflate'
import { anyBytes, numbersInText, type Mutation } from '../mutate-bytes.js'
import { jsonValues } from '../mutate-json.js'
import type { Reader } from '../reader.js'
import { inGzip, inZip } from './arrays.js'

const [height, width] = [12, 9]
const rgb = Uint8Array.from({ length: height * width * 3 }, (_, i) => (i * 37) % 256)
const picture = () => sharp(rgb, { raw: { height, width, channels: 3 } })

/** A BMP of 24 bits. */
function bmp(): Uint8Array {
  const row = Math.ceil((3 * width) / 4) * 4
  const file = Buffer.alloc(54 + row * height, 7)
  file.write('BM')
  file.fill(0, 2, 54)
  for (const [at, value] of [
    [2, file.length],
    [10, 54],
    [14, 40],
    [18, width],
    [22, height],
    [34, row * height],
  ] as const)
    file.writeUInt32LE(value, at)
  file.writeUInt16LE(1, 26)
  file.writeUInt16LE(24, 28)
  return new Uint8Array(file)
}

const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 9 12"><defs><linearGradient id="g"><stop offset="0" stop-color="#f00"/><stop offset="1" stop-color="#00f"/></linearGradient></defs><rect width="9" height="12" fill="url(#g)"/><circle cx="4" cy="5" r="3" opacity="0.5"/></svg>`

const pictures: Readonly<Record<string, () => Promise<Uint8Array>>> = {
  PNG: () => picture().png().toBuffer(),
  JPEG: () => picture().jpeg({ quality: 60 }).toBuffer(),
  WebP: () => picture().webp({ quality: 50 }).toBuffer(),
  GIF: () => picture().gif().toBuffer(),
  TIFF: () => picture().tiff({ compression: 'lzw' }).toBuffer(),
  AVIF: () => picture().avif({ effort: 0 }).toBuffer(),
  SVG: async () => Buffer.from(svg),
  BMP: async () => bmp(),
}

/** Decoded images take up to 64 MiB, or 4,096 times their file (`decoder.ts`); decoders hold them more than once. */
const decoded = { multiple: 4096 * 4, besides: 2 ** 28 }

const imageReaders = Object.entries(pictures).map(([name, bytes]): Reader => ({
  name,
  async open(folder) {
    const file = `picture.${name.toLowerCase()}`
    await writeFile(join(folder, file), await bytes())
    const list = { folder, files: [file], classNames: ['a'], labels: Int32Array.of(0) }
    const read = () =>
      decodeImages({ half: 'test', list, image: [height, width, 3], decoding: { channels: 3 }, skipCorrupt: false })
    const mutations: readonly Mutation[] = name === 'SVG' ? [anyBytes, numbersInText] : [anyBytes]
    return { ...decoded, seeds: [{ file, mutations }], read }
  },
}))

export const imageAndArchiveReaders: readonly Reader[] = [
  ...imageReaders,
  {
    name: 'JPEG sheet',
    async open() {
      const bytes = await toJpegSheet(rgb, [height, width, 3], 50)
      const read = async (file: string) => fromJpegSheet(await readFile(file), 1, [height, width, 3], file)
      return { ...decoded, seeds: [{ file: 'sheet.jpg', bytes, mutations: [anyBytes] }], read }
    },
  },
  {
    name: 'decoded pixels',
    async open(folder) {
      const half = { pixels: rgb, kept: [0], warnings: ['one'] }
      const file = join(folder, 'cache')
      await writeCache(file, 'print', { image: [height, width, 3], halves: [half, half] })
      const whole = new Uint8Array(await readFile(file))
      const end = whole.indexOf(10)
      const { crc32: _, ...header } = JSON.parse(Buffer.from(whole.subarray(0, end)).toString()) as Record<
        string,
        unknown
      >
      const open = new Uint8Array(Buffer.concat([Buffer.from(JSON.stringify(header)), whole.subarray(end)]))
      const inHeader: Mutation = (bytes, random) => {
        const line = bytes.indexOf(10)
        return new Uint8Array(Buffer.concat([jsonValues(bytes.subarray(0, line), random), bytes.subarray(line)]))
      }
      const mutations = [anyBytes, numbersInText, inHeader, inHeader]
      const seeds = [whole, open, open].map((bytes) => ({ file: 'cache', bytes, mutations }))
      return { multiple: 64, seeds, read: () => readCache(file, 'print') }
    },
  },
  {
    name: 'parquet',
    async open(folder) {
      const names = ['snappy', 'zstd'].map((kind) => `hugging-face-${kind}.test-data.parquet`)
      for (const name of names)
        await cp(new URL(`../../../packages/datasets/src/${name}`, import.meta.url), join(folder, name))
      const read = async (file: string) => {
        const shard = await openShard(file, { image: 'img', label: 'label' })
        return readShards({ half: 'train', shards: [shard], decoding: { channels: 3 }, skipCorrupt: true })
      }
      return { ...decoded, seeds: names.map((file) => ({ file, mutations: [anyBytes] })), read }
    },
  },
  ...(['tar.gz', 'zip'] as const).map((kind): Reader => ({
    name: kind,
    async open(folder) {
      const file = `set.${kind}`
      const texts = { 'one.txt': 'one '.repeat(50), 'deep/two.txt': 'two', 'three.bin': rgb }
      await mkdir(join(folder, 'from/set/deep'), { recursive: true })
      for (const [name, text] of Object.entries(texts)) await writeFile(join(folder, 'from/set', name), text)
      if (kind === 'zip') {
        const files = Object.entries(texts).map(([name, text]) => [`set/${name}`, Buffer.from(text)] as const)
        await writeFile(join(folder, file), zipSync(Object.fromEntries(files)))
      } else await create({ file: join(folder, file), cwd: join(folder, 'from'), gzip: true }, ['set'])
      const read = async (archive: string) => {
        const { rm } = await import('node:fs/promises')
        await rm(join(folder, 'set'), { recursive: true, force: true })
        await unpack(archive, folder, 'set')
      }
      const inside = kind === 'zip' ? inZip(anyBytes) : inGzip(anyBytes)
      const most = kind === 'zip' ? [anyBytes, anyBytes, inside] : [anyBytes, inside, inside]
      // What is unpacked goes to the disk in pieces.
      return { multiple: 1032 * 8, besides: 2 ** 24, seeds: [{ file, mutations: most }], read }
    },
  })),
]
