import portable from 'crc-32'
import { HabaError } from './errors.js'
import { parseJson } from './json.js'

/** What only Node's global scope has. */
interface Host {
  readonly process?: {
    emitWarning?(text: string, name: string): void
    getBuiltinModule?(name: 'zlib'): { readonly crc32?: (data: Uint8Array) => number } | undefined
  }
}
const host = globalThis as Host

/** In Node zlib's, which is several times as fast. */
const crc32: (data: Uint8Array) => number =
  host.process?.getBuiltinModule?.('zlib')?.crc32 ?? ((data) => portable.buf(data) >>> 0)

const warned = new Set<string>()

/** Warns about a file without a checksum, once per process for each kind of file. */
export function warnUnchecked(kind: string, file: string): void {
  if (warned.has(kind)) return
  warned.add(kind)
  const text = `${kind} ${file} has no checksum, because an earlier version wrote it: damage to it may go unnoticed.`
  if (host.process?.emitWarning) host.process.emitWarning(text, 'HabaWarning')
  else console.warn(text)
}

/** CRC-32 of bytes or text as 8 hexadecimal digits. */
export function checksumOf(data: Uint8Array | string): string {
  const bytes = typeof data === 'string' ? new TextEncoder().encode(data) : data
  return crc32(bytes).toString(16).padStart(8, '0')
}

/**
 * An object as JSON with a last field `"crc32"`: the checksum of `JSON.stringify` of the other fields, so that white space
 * does not matter.
 *
 * @param space as for `JSON.stringify` @default none
 */
export function checkedJson(value: object, space?: number): string {
  const { crc32: _, ...rest } = value as { readonly crc32?: unknown }
  return JSON.stringify({ ...rest, crc32: checksumOf(JSON.stringify(rest)) }, null, space)
}

/** What is wrong with a value: the field, what it should be and what it is; undefined if nothing is wrong. */
export type Complaint = { readonly field: string; readonly expected: string; readonly got: string } | undefined

/** How a file of JSON is read. */
export interface ReadJsonOptions {
  /** The kind of file, for errors, such as `set`. */
  readonly kind: string
  /** Checks the fields. @default no check */
  readonly check?: (value: unknown) => Complaint
  /** The hint for a damaged file. @default restore it from a copy, or write it again */
  readonly todo?: string
}

/**
 * Reads what `checkedJson` wrote, without the checksum. A file without a checksum, from an earlier version, is read with one
 * warning for each kind of file.
 *
 * @param where the file, for errors
 * @throws HabaError naming the file if it is not JSON, its checksum is wrong or it fails `check`
 */
export function parseCheckedJson<T>(where: string, text: string, options: ReadJsonOptions): T {
  const { kind, check, todo = 'Restore this file from a copy, or write it again.' } = options
  const fail = (expected: string, got: string, hint = todo): never => {
    throw new HabaError(`${kind} ${where}`, expected, got, hint)
  }
  let value: unknown
  try {
    value = parseJson(text)
  } catch (error) {
    return fail('JSON', `"${(error as Error).message}"`)
  }
  if (typeof value === 'object' && value !== null && 'crc32' in value) {
    const { crc32: written, ...rest } = value
    const found = checksumOf(JSON.stringify(rest))
    if (written !== found)
      return fail(
        `the checksum ${JSON.stringify(written)} that was written with it`,
        `"${found}": the file is damaged`,
        `${todo} If you changed it yourself, remove its field "crc32".`,
      )
    value = rest
  } else warnUnchecked(kind, where)
  const complaint = check?.(value)
  return complaint ? fail(`${complaint.field} to be ${complaint.expected}`, complaint.got) : (value as T)
}
