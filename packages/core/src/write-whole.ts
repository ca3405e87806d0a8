import { randomUUID } from 'node:crypto'
import { constants } from 'node:fs'
import { open, readdir, readFile, rename, rm, stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { systemError } from './system-error.js'

/** Suffix of files that are not complete. */
export const PARTIAL = '.partial'

/**
 * Writes a file atomically, also if the process is killed or the machine loses power: it writes a new file beside it
 * (`NAME.….partial`), flushes it to disk and renames it. A link at `path` is replaced, never followed.
 *
 * @param data the content, or its parts in order
 * @throws HabaError naming the file if it cannot be written; an earlier file is unchanged then
 */
export async function writeWhole(path: string, data: Uint8Array | string | readonly Uint8Array[]): Promise<void> {
  const partial = `${path}.${randomUUID()}${PARTIAL}`
  try {
    // wx is O_CREAT | O_EXCL: it fails on anything that exists, links included.
    const file = await open(partial, 'wx')
    try {
      for (const part of Array.isArray(data) ? (data as readonly Uint8Array[]) : [data as Uint8Array])
        await file.writeFile(part)
      await file.sync()
    } finally {
      await file.close()
    }
    await renameSynced(partial, path)
  } catch (error) {
    // If the disk fails, the partial file may stay; the first error is the one to report.
    await rm(partial, { force: true }).catch(() => {})
    throw systemError(error, path, 'to write it', 'A file that was there before is unchanged.')
  }
}

/** No write takes as long; in ms. */
const STALE = 3_600_000

/** Whether a file was last written more than an hour ago; false if it does not exist. */
export async function isStale(path: string): Promise<boolean> {
  const found = await stat(path).catch(() => undefined)
  // eslint-disable-next-line no-restricted-properties -- the age of a file; no result depends on it
  return found !== undefined && Date.now() - found.mtimeMs > STALE
}

/**
 * Removes partial files and folders of `path` that killed processes left more than an hour ago. Younger ones may belong to another
 * process, because no process owns the folder.
 */
export async function removeStalePartials(path: string): Promise<void> {
  const folder = dirname(path)
  for (const name of await readdir(folder).catch(() => []))
    if (name.startsWith(`${basename(path)}.`) && name.endsWith(PARTIAL) && (await isStale(join(folder, name))))
      await rm(join(folder, name), { recursive: true, force: true })
}

/** All bytes of a file. @throws HabaError naming it if it cannot be read */
export async function readWhole(path: string): Promise<Buffer> {
  try {
    return await readFile(path)
  } catch (error) {
    throw systemError(error, path, 'to read it')
  }
}

/** Renames a file, replacing the target, and flushes the name to disk. The content must be on disk before. */
export async function renameSynced(from: string, to: string): Promise<void> {
  try {
    await rename(from, to)
    // Windows cannot open folders and needs no flush of them.
    if (process.platform !== 'win32') await syncFile(dirname(to))
  } catch (error) {
    throw systemError(error, to, `to rename ${from} to it`)
  }
}

/** Flushes a file or a folder to disk. */
export async function syncFile(path: string): Promise<void> {
  const file = await open(path, process.platform === 'win32' ? 'r+' : 'r')
  try {
    await file.sync()
  } finally {
    await file.close()
  }
}

/** A file that lines are appended to. */
export interface LineFile {
  /** @param lines each ends with a newline */
  append(lines: string): Promise<void>
  /** Waits until all lines are on disk. */
  sync(): Promise<void>
  close(): Promise<void>
}

/**
 * Opens a file to append lines, and creates it if needed. A last line without a newline, which a killed process leaves, is
 * removed first. Links are not followed.
 *
 * @throws HabaError naming the file if the system refuses it, also from the returned methods; earlier lines are kept then
 */
export async function openLines(path: string): Promise<LineFile> {
  // O_NOFOLLOW is undefined on Windows.
  const flags = constants.O_RDWR | constants.O_CREAT | constants.O_APPEND | (constants.O_NOFOLLOW ?? 0)
  const naming = async <T>(work: Promise<T>): Promise<T> => {
    try {
      return await work
    } catch (error) {
      throw systemError(error, path, 'to append to it', 'Earlier lines are kept.')
    }
  }
  const file = await naming(open(path, flags))
  try {
    const { size } = await file.stat()
    const whole = await endOfLastLine(file, size)
    if (whole < size) await naming(file.truncate(whole))
  } catch (error) {
    await file.close()
    throw error
  }
  return {
    append: (lines) => naming(file.appendFile(lines)),
    sync: () => naming(file.sync()),
    close: () => naming(file.close()),
  }
}

/** The offset after the last newline, in bytes; 0 without one. */
async function endOfLastLine(file: Awaited<ReturnType<typeof open>>, size: number): Promise<number> {
  const block = new Uint8Array(65_536)
  for (let end = size; end > 0;) {
    const from = Math.max(0, end - block.length)
    const { bytesRead } = await file.read(block, 0, end - from, from)
    const at = block.subarray(0, bytesRead).lastIndexOf(10)
    if (at >= 0) return from + at + 1
    end = from
  }
  return 0
}
