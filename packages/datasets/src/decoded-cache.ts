import { readFile } from 'node:fs/promises'
import {
  checkedJson,
  checksumOf,
  HabaError,
  parseCheckedJson,
  shownJson,
  systemError,
  type Complaint,
  type ImageShape,
} from '@haba/core'
import { removeStalePartials, writeWhole } from '@haba/core/files'
import { decodingVersion } from './decoder.js'
import type { Settled } from './findings.js'
import { valuesOf } from './pixels.js'

interface Halves {
  readonly image: ImageShape
  readonly halves: readonly Settled[]
}

/** The first number changes with the header, `decodingVersion` with the decoded pixels. */
const format = `haba decoded images 2, decoding ${decodingVersion}`
/** The first line of the file, as JSON; the pixels of all halves follow. */
interface Header {
  readonly format: string
  readonly fingerprint: string
  readonly image: ImageShape
  /** Each with a checksum of its pixels, which is absent in files of earlier versions. */
  readonly halves: readonly (Omit<Settled, 'pixels'> & { readonly pixelsCrc32?: string })[]
}

/** The pixels in `file` if it has this fingerprint; undefined without a file, or if images or options changed. */
export async function readCache(file: string, fingerprint: string): Promise<Halves | undefined> {
  const bytes = await readFile(file).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined
    throw systemError(error, file, 'to read it')
  })
  if (!bytes) return undefined
  const header = parseHeader(file, bytes.subarray(0, bytes.indexOf(10)).toString())
  if (header.format !== format || header.fingerprint !== fingerprint) return undefined
  const size = valuesOf(header.image)
  let end = bytes.indexOf(10) + 1
  const halves = header.halves.map(({ pixelsCrc32, ...half }) => {
    const start = end
    end += half.kept.length * size
    return { half: { ...half, pixels: bytes.subarray(start, end) }, pixelsCrc32 }
  })
  if (bytes.length !== end) throw new HabaError(`cache ${file}`, `${end} bytes`, `${bytes.length}`, ANEW)
  for (const { half, pixelsCrc32 } of halves)
    if (pixelsCrc32 !== undefined && checksumOf(half.pixels) !== pixelsCrc32)
      throw new HabaError(
        `cache ${file}`,
        `pixels with the checksum ${pixelsCrc32}`,
        'others: the file is damaged',
        ANEW,
      )
  return { image: header.image, halves: halves.map(({ half }) => half) }
}

const ANEW = 'Delete this cache; it will be written again.'

function parseHeader(file: string, line: string): Header {
  // Never overwrite a file that is not a cache.
  if (!line.startsWith('{"format":"haba decoded images '))
    throw new HabaError(file, 'a cache of decoded images', 'another file', 'Name another cache file.')
  return parseCheckedJson<Header>(file, line, { kind: 'cache', check: checkHeader, todo: ANEW })
}

function checkHeader(value: unknown): Complaint {
  const { fingerprint, image, halves } = value as Readonly<Record<string, unknown>>
  const wrong = (field: string, expected: string, got: unknown) => ({ field, expected, got: shownJson(got) })
  const isCount = (n: unknown) => Number.isSafeInteger(n) && (n as number) >= 0
  const isText = (one: unknown) => typeof one === 'string'
  if (typeof fingerprint !== 'string') return wrong('fingerprint', 'text', fingerprint)
  if (!Array.isArray(image) || image.length !== 3 || !image.every((n) => isCount(n) && n > 0))
    return wrong('image', '3 whole numbers above 0', image)
  const isHalf = (half: Partial<Header['halves'][number]> | null) =>
    [[half?.kept, isCount] as const, [half?.warnings, isText] as const].every(
      ([list, is]) => Array.isArray(list) && list.every(is),
    )
  if (!Array.isArray(halves) || !halves.every(isHalf))
    return wrong('halves', 'objects with lists "kept" and "warnings"', '…')
  return undefined
}

/** Writes the file atomically, with checksums. */
export async function writeCache(file: string, fingerprint: string, { image, halves }: Halves): Promise<void> {
  const header: Header = {
    format,
    fingerprint,
    image,
    halves: halves.map(({ kept, warnings, pixels }) => ({ kept, warnings, pixelsCrc32: checksumOf(pixels) })),
  }
  await removeStalePartials(file)
  await writeWhole(file, [Buffer.from(`${checkedJson(header)}\n`), ...halves.map(({ pixels }) => pixels)])
}
