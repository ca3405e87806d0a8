import { sha256 } from '@noble/hashes/sha2.js'
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js'
import { HabaError } from './errors.js'

/**
 * A value as canonical JSON: names sorted by UTF-16 units, no white space, numbers as ECMAScript prints them (the shortest
 * text that reads back as the same 64-bit float), undefined members left out.
 *
 * @throws HabaError for NaN and infinities
 */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map((one) => canonicalJson(one ?? null)).join(',')}]`
  if (typeof value === 'number' && !Number.isFinite(value))
    throw new HabaError('canonicalJson', 'finite numbers', `${value}`, 'JSON has no others.')
  if (typeof value !== 'object' || value === null) return JSON.stringify(value ?? null)
  const members = Object.entries(value)
    .filter(([, member]) => member !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1))
  return `{${members.map(([name, member]) => `${JSON.stringify(name)}:${canonicalJson(member)}`).join(',')}}`
}

/** The SHA-256 of `canonicalJson`, as 64 hexadecimal digits. */
export const canonicalHash = (value: unknown): string => bytesToHex(sha256(utf8ToBytes(canonicalJson(value))))

/** What something was made of, as readable parts; files store it. */
export interface Identity<Parts> {
  readonly format: 1
  /** The canonical hash of the parts. */
  readonly hash: string
  readonly parts: Parts
}

/** The identity of something made of these parts: plain data. */
export const identify = <Parts>(parts: Parts): Identity<Parts> => ({ format: 1, hash: canonicalHash(parts), parts })

/**
 * Checks an identity that was read from a file.
 *
 * @param who the file, for errors
 * @returns undefined if the file has no identity (earlier versions wrote none)
 * @throws HabaError if its format is newer, or if its hash is not that of its parts
 */
export function readIdentity<Parts>(who: string, written: unknown): Identity<Parts> | undefined {
  if (written === undefined) return undefined
  const fail = (expected: string, got: string, todo: string): never => {
    throw new HabaError(`identity in ${who}`, expected, got, todo)
  }
  if (typeof written !== 'object' || written === null) return fail('an object', JSON.stringify(written), damaged)
  const { format, hash, parts } = written as Partial<Record<string, unknown>>
  if (format !== 1) return fail('format 1', JSON.stringify(format) ?? 'none', 'Read it with a later version of haba.')
  if (typeof parts !== 'object' || parts === null) return fail('"parts"', JSON.stringify(parts) ?? 'none', damaged)
  const own = canonicalHash(parts)
  if (hash !== own) return fail(`the hash of its parts, ${own}`, String(hash), damaged)
  return { format, hash: own, parts: parts as Parts }
}

const damaged = 'The file was changed after haba wrote it: copy it again from its origin.'

/** One difference between two values. */
export interface Difference {
  /** Dotted path, such as `train.images.cat`. */
  readonly part: string
  readonly expected: unknown
  readonly got: unknown
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** The differences of two plain values, in the order of `expected`. Lists of equal length are compared member by member. */
export function differences(expected: unknown, got: unknown, part = ''): readonly Difference[] {
  const within = (name: string | number) => (part === '' ? `${name}` : `${part}.${name}`)
  if (isRecord(expected) && isRecord(got))
    return [...new Set([...Object.keys(expected), ...Object.keys(got)])].flatMap((name) =>
      differences(own(expected, name), own(got, name), within(name)),
    )
  if (Array.isArray(expected) && Array.isArray(got) && expected.length === got.length)
    return expected.flatMap((one, i) => differences(one, got[i], within(i)))
  return canonicalJson(expected) === canonicalJson(got) ? [] : [{ part, expected, got }]
}

const own = (value: Readonly<Record<string, unknown>>, name: string) =>
  Object.hasOwn(value, name) ? value[name] : undefined

/** The most differences that an error shows, and the most characters of a value. */
const SHOWN = 3
const LONGEST = 120

/**
 * An error that shows both sides of differences.
 *
 * @param all at least one
 * @param todo how to make both sides equal
 */
export function differenceError(who: string, all: readonly Difference[], todo: string): HabaError {
  const few = all.slice(0, SHOWN)
  const more = all.length > SHOWN ? `, and ${all.length - SHOWN} more that differ` : ''
  const side = (which: 'expected' | 'got') => few.map((one) => `${one.part} ${shown(one[which])}`).join(', ')
  return new HabaError(who, `${side('expected')}${more}`, side('got'), todo)
}

function shown(value: unknown): string {
  const text = value === undefined ? 'absent' : canonicalJson(value)
  return text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text
}
