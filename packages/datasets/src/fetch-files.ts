import { createHash } from 'node:crypto'
import { constants, createReadStream } from 'node:fs'
import { mkdir, open, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import type { ReadableStream } from 'node:stream/web'
import { HabaError } from '@haba/core'
import { renameSynced, syncFile } from '@haba/core/files'

/** A published file; known sizes and checksums are verified. */
export interface PublishedFile {
  /** Its local name, and its name on a mirror. */
  readonly name: string
  readonly url: string
  /** In bytes. */
  readonly size?: number
  /** Lower-case hexadecimal. */
  readonly md5?: string
  /** Lower-case hexadecimal. */
  readonly sha256?: string
}

/** Progress of one download. */
export interface FetchProgress {
  readonly file: string
  /** In bytes. */
  readonly done: number
  /** In bytes; undefined if neither the list of files nor the server says it. */
  readonly total: number | undefined
}

/** Options of `fetchFiles`. */
export interface FetchOptions {
  readonly files: readonly PublishedFile[]
  /** Created if missing. Complete and correct files are not fetched again. */
  readonly folder: string
  /** Fetches `mirror/name` instead of each file's address. */
  readonly mirror?: string
  readonly onProgress?: (progress: FetchProgress) => void
  /** How often to retry after a broken connection that brought no bytes. @default 3 */
  readonly retries?: number
}

/**
 * Fetches files into a folder. If the server allows it, a download resumes from what a broken connection or a killed program
 * left (`name.part`). A file gets its name only after size and checksums are verified.
 *
 * @returns the paths, in order
 */
export async function fetchFiles({ files, folder, mirror, onProgress, retries = 3 }: FetchOptions): Promise<string[]> {
  await mkdir(folder, { recursive: true })
  const paths: string[] = []
  for (const published of files) {
    const { name } = published
    const url = mirror === undefined ? published.url : `${mirror.replace(/\/+$/, '')}/${name}`
    const path = join(folder, name)
    const there = await sizeOf(path)
    if (there === undefined || (await fault(path, published)) !== undefined)
      await fetchFile({ ...published, url }, path, retries, onProgress)
    else onProgress?.({ file: name, done: there, total: there })
    paths.push(path)
  }
  return paths
}

async function fetchFile(
  published: PublishedFile,
  path: string,
  retries: number,
  onProgress: FetchOptions['onProgress'],
): Promise<void> {
  const part = `${path}.part`
  for (let left = retries; ;) {
    const before = (await sizeOf(part)) ?? 0
    try {
      if (before === 0 || before !== published.size) await fetchRest(published, part, before, onProgress)
      break
    } catch (error) {
      if (HabaError.is(error)) throw error
      const more = ((await sizeOf(part)) ?? 0) > before
      left = more ? retries : left - 1
      if (left < 0) throw unreachable(published, path, error)
    }
  }
  const wrong = await fault(part, published)
  if (wrong !== undefined) {
    await rm(part)
    throw new HabaError(
      published.url,
      wrong.expected,
      wrong.got,
      `The download was deleted. Try again, or use another mirror; if the published file has changed, put it at ${path} yourself.`,
    )
  }
  await syncFile(part)
  await renameSynced(part, path)
}

/** Appends to `part` the bytes after its first `before` ones, or downloads everything if the server cannot resume. */
async function fetchRest(
  { name, url, size }: PublishedFile,
  part: string,
  before: number,
  onProgress: FetchOptions['onProgress'],
): Promise<void> {
  // No compression, because a compressed download cannot resume.
  const headers = { 'accept-encoding': 'identity', ...(before > 0 && { range: `bytes=${before}-` }) }
  const response = await fetch(url, { headers })
  if (response.status === 416) {
    await response.body?.cancel()
    await rm(part, { force: true })
    return fetchRest({ name, url, ...(size !== undefined && { size }) }, part, 0, onProgress)
  }
  if (!response.ok || !response.body) {
    await response.body?.cancel()
    if (response.status >= 500) throw new Error(`the server answered ${response.status}`)
    throw new HabaError(url, 'a file', `status ${response.status}`, 'Check the address, or use another mirror.')
  }
  const resumed = response.status === 206
  const length = Number(response.headers.get('content-length') ?? NaN)
  let done = resumed ? before : 0
  const total = size ?? (Number.isNaN(length) ? undefined : done + length)
  const { O_WRONLY, O_CREAT, O_APPEND, O_TRUNC, O_NOFOLLOW = 0 } = constants
  const file = await open(part, O_WRONLY | O_CREAT | O_NOFOLLOW | (resumed ? O_APPEND : O_TRUNC))
  try {
    // A pipeline would drop unwritten bytes when the connection breaks.
    for await (const chunk of response.body as ReadableStream<Uint8Array>) {
      await file.writeFile(chunk)
      done += chunk.length
      onProgress?.({ file: name, done, total })
    }
  } finally {
    await file.close()
  }
}

function unreachable({ name, url, size, md5, sha256 }: PublishedFile, path: string, cause: unknown): HabaError {
  const facts = [size !== undefined && `${size} bytes`, sha256 ? `SHA-256 ${sha256}` : md5 && `MD5 ${md5}`]
  const known = facts.filter(Boolean).join(', ')
  return new HabaError(
    url,
    'an answer',
    reasonOf(cause),
    `Without a network, put ${name}${known === '' ? '' : ` (${known})`} at ${path} yourself. The partial download is kept.`,
    { cause },
  )
}

/** The reason of a failed `fetch`, which hides it in `cause`. */
function reasonOf(error: unknown): string {
  const { message, cause } = error as Error
  if (!(cause instanceof Error)) return message
  return cause.message || (cause as NodeJS.ErrnoException).code || message
}

const sizeOf = (path: string) =>
  stat(path).then(
    ({ size }) => size,
    () => undefined,
  )

/** The difference between a file and the published one; undefined if there is none. */
async function fault(
  path: string,
  { size, md5, sha256 }: PublishedFile,
): Promise<{ readonly expected: string; readonly got: string } | undefined> {
  const is = await sizeOf(path)
  if (size !== undefined && is !== size) return { expected: `${size} bytes`, got: `${is}` }
  for (const [algorithm, digest] of [
    ['sha256', sha256],
    ['md5', md5],
  ] as const) {
    if (digest === undefined) continue
    const hash = createHash(algorithm)
    await pipeline(createReadStream(path), hash)
    const got = hash.digest('hex')
    if (got !== digest) return { expected: `${algorithm} ${digest}`, got }
  }
  return undefined
}
