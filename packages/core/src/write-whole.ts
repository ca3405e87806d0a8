import { randomUUID } from 'node:crypto'
import { constants } from 'node:fs'
import { open, readdir, readFile, rename, rm, stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { systemError } from './system-error.js'

/** What ends the name of a file that is not written to its end. */
export const PARTIAL = '.partial'

/**
 * Writes a file whole or not at all, also when the process is killed or the machine loses power: into a new file beside it
 * (`NAME.….partial`), to the disk, and renamed. A link at `path` is replaced and never followed.
 *
 * @param data its content, or the parts of it in order
 * @throws HabaError naming the file where the system refuses it: what was there before is whole then
 */
export async function writeWhole(path: string, data: Uint8Array | string | readonly Uint8Array[]): Promise<void> {
  const partial = `${path}.${randomUUID()}${PARTIAL}`
  try {
    // wx is O_CREAT | O_EXCL: fails on whatever is there, a link too.
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
    // What was half-written may stay where the disk fails; the first error is the one to tell.
    await rm(partial, { force: true }).catch(() => {})
    throw systemError(error, path, 'to write it', 'A file that was there before is unchanged.')
  }
}

/** Whoever writes a file is done long before, in ms. */
const STALE = 3_600_000

/** Whether a file was last written to more than an hour ago; false for one that is gone. */
export async function isStale(path: string): Promise<boolean> {
  const found = await stat(path).catch(() => undefined)
  // eslint-disable-next-line no-restricted-properties -- the age of a file; nothing that is computed depends on it
  return found !== undefined && Date.now() - found.mtimeMs > STALE
}

/**
 * Removes what killed processes left of `path` more than an hour ago, where nobody owns the folder and a younger one may be
 * another process's.
 */
export async function removeStalePartials(path: string): Promise<void> {
  const folder = dirname(path)
  for (const name of await readdir(folder).catch(() => []))
    if (name.startsWith(`${basename(path)}.`) && name.endsWith(PARTIAL) && (await isStale(join(folder, name))))
      await rm(join(folder, name), { force: true })
}

/** All bytes of a file. @throws HabaError naming it where the system refuses it */
export async function readWhole(path: string): Promise<Buffer> {
  try {
    return await readFile(path)
  } catch (error) {
    throw systemError(error, path, 'to read it')
  }
}

/** Gives a file its name, replacing what has it. The name is on the disk once this returns; the content must be before. */
export async function renameSynced(from: string, to: string): Promise<void> {
  try {
    await rename(from, to)
    // Windows opens no folders, and needs no flush of them.
    if (process.platform !== 'win32') await syncFile(dirname(to))
  } catch (error) {
    throw systemError(error, to, `to give ${from} this name`)
  }
}

/** Waits until a file or a folder is on the disk. */
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
  /** Waits until all lines are on the disk. */
  sync(): Promise<void>
  close(): Promise<void>
}

/**
 * Opens a file to append lines to it; it is made where there is none. A last line without its newline, which a killed process
 * leaves, is cut off first. Links are not followed.
 *
 * @throws HabaError naming the file where the system refuses it, also in what is returned: lines before are kept then
 */
export async function openLines(path: string): Promise<LineFile> {
  // Windows knows no O_NOFOLLOW: undefined there, which adds nothing.
  const flags = constants.O_RDWR | constants.O_CREAT | constants.O_APPEND | (constants.O_NOFOLLOW ?? 0)
  const told = async <T>(work: Promise<T>): Promise<T> => {
    try {
      return await work
    } catch (error) {
      throw systemError(error, path, 'to append to it', 'The lines before are kept.')
    }
  }
  const file = await told(open(path, flags))
  try {
    const { size } = await file.stat()
    const whole = await endOfLastLine(file, size)
    if (whole < size) await told(file.truncate(whole))
  } catch (error) {
    await file.close()
    throw error
  }
  return {
    append: (lines) => told(file.appendFile(lines)),
    sync: () => told(file.sync()),
    close: () => told(file.close()),
  }
}

/** Where the last newline ends, in bytes; 0 where there is none. */
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
