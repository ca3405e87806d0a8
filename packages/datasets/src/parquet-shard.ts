import { HabaError, parseJson } from '@haba/core'
import type { Compressors, FileMetaData } from 'hyparquet'
import { firstLine } from './findings.js'

/** The names of the columns to read. */
export interface Columns {
  readonly image: string
  readonly label: string
}

/** One stored image with its label. */
interface ParquetRow {
  /** The bytes of an image file; empty if the row has no image, or only a path. */
  readonly bytes: Uint8Array
  readonly label: string | number
}

/** A parquet file of images. */
export interface Shard {
  readonly file: string
  /** Rows of every row group. */
  readonly groups: readonly number[]
  /** From the metadata that Hugging Face writes. */
  readonly classNames: readonly string[] | undefined
  /** Rows `start … end-1`. */
  read(start: number, end: number): Promise<readonly ParquetRow[]>
}

const damaged = 'Fetch it again: it is damaged, or not a parquet file.'

/** Opens a parquet file and checks its columns; reads no image yet. */
export async function openShard(file: string, columns: Columns): Promise<Shard> {
  const { asyncBufferFromFile, parquetMetadataAsync, parquetReadObjects, parquetSchema } = await import('hyparquet')
  const { compressors } = await import('hyparquet-compressors')
  const wrong = (cause: unknown) => new HabaError(file, 'an intact parquet file', firstLine(cause), damaged, { cause })
  const open = async () => {
    const buffer = await asyncBufferFromFile(file)
    const metadata = await parquetMetadataAsync(buffer)
    const groups = metadata.row_groups.map((group) => Number(group.num_rows))
    const rows = groups.reduce((sum, count) => sum + count, 0)
    // Even the smallest image takes more than a byte.
    if (!groups.every((count) => count >= 0) || rows > buffer.byteLength)
      throw new Error(`${rows} rows in ${buffer.byteLength} bytes`)
    return { buffer, metadata, groups, names: parquetSchema(metadata).children.map(({ element }) => element.name) }
  }
  const { buffer, metadata, groups, names } = await open().catch((cause: unknown) => {
    throw wrong(cause)
  })
  for (const column of [columns.image, columns.label])
    if (!names.includes(column))
      throw new HabaError(file, `a column '${column}'`, names.join(', '), 'Set imageColumn and labelColumn.')
  return {
    file,
    groups,
    classNames: classNamesOf(metadata, columns.label),
    async read(rowStart, rowEnd) {
      const rows = await parquetReadObjects({
        file: buffer,
        metadata,
        compressors: bounded(compressors),
        columns: [columns.image, columns.label],
        rowStart,
        rowEnd,
        utf8: false,
      }).catch((cause: unknown) => {
        throw wrong(cause)
      })
      return rows.map((row, i) => rowOf(row, columns, `${file}, row ${rowStart + i}`))
    },
  }
}

/** Limits of a decompressed page: bytes, and multiples of its compressed size. */
const LARGEST_PAGE = 2 ** 26
const MOST_TIMES = 1032

/** Compressors that allocate no more than the limits of a page. */
const bounded = (compressors: Compressors): Compressors =>
  Object.fromEntries(
    Object.entries(compressors).map(([name, decompress]) => [
      name,
      (input: Uint8Array, length: number) => {
        if (!(length <= Math.max(LARGEST_PAGE, MOST_TIMES * input.length)))
          throw new Error(`a page of ${length} bytes in ${input.length}`)
        return decompress(input, length)
      },
    ]),
  )

const nothing = new Uint8Array(0)

function rowOf(row: Readonly<Record<string, unknown>>, { image, label }: Columns, who: string): ParquetRow {
  const stored = row[image]
  const bytes = stored instanceof Uint8Array ? stored : (stored as { bytes?: unknown } | null | undefined)?.bytes
  const value = typeof row[label] === 'bigint' ? Number(row[label]) : row[label]
  if (typeof value !== 'string' && typeof value !== 'number')
    throw new HabaError(who, `a number or a name in '${label}'`, String(value), 'Choose another labelColumn.')
  return {
    bytes: bytes instanceof Uint8Array ? bytes : nothing,
    label: typeof value === 'string' ? value.normalize() : value,
  }
}

/** Class names from the features that Hugging Face stores as JSON in the file. */
function classNamesOf({ key_value_metadata: pairs = [] }: FileMetaData, label: string): readonly string[] | undefined {
  const text = pairs.find(({ key }) => key === 'huggingface')?.value
  if (text === undefined) return undefined
  try {
    const { info } = parseJson(text) as { info?: { features?: Record<string, { names?: unknown } | undefined> } }
    const names = info?.features?.[label]?.names
    if (!Array.isArray(names) || !names.every((name) => typeof name === 'string')) return undefined
    return names.map((name) => name.normalize())
  } catch {
    return undefined // not from Hugging Face; the caller can pass names
  }
}
