import { createWriteStream } from 'node:fs'
import { mkdir, rename, rm, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { crc32 } from 'node:zlib'
import { HabaError, systemCode, systemError } from '@haba/core'

/** Error codes for names that clash or are too long: faults of the archive, not of the disk. */
const ofNames = new Set(['EEXIST', 'EISDIR', 'ENAMETOOLONG', 'ENOTDIR', 'ENOTEMPTY'])

/** Limits of an unpacked archive: bytes, and multiples of its size. */
const MOST_BYTES = 2 ** 28
const MOST_TIMES = 100

/**
 * Unpacks a .tar.gz or .zip file by file, so that `into/holds` exists completely or not at all. It creates only files and folders
 * below `into`: no links, no devices, nothing outside.
 *
 * @param holds the top folder of the archive
 * @throws HabaError naming the archive, and the entry if one is bad; nothing stays unpacked
 */
export async function unpack(archive: string, into: string, holds: string): Promise<void> {
  const beside = join(into, `${holds}.part`)
  // Ignore errors here: the first error is the one to report, and the next attempt cleans up again.
  const clean = () => rm(beside, { recursive: true, force: true }).catch(() => {})
  try {
    await rm(beside, { recursive: true, force: true })
    await mkdir(beside, { recursive: true })
    const { size } = await stat(archive)
    const budget = budgetOf(size)
    await (archive.endsWith('.zip') ? unzip(archive, beside, budget, size) : untar(archive, beside, budget))
    const found = await stat(join(beside, holds)).catch(() => undefined)
    if (!found?.isDirectory()) throw new Error('none')
    await rename(join(beside, holds), join(into, holds))
  } catch (cause) {
    const code = systemCode(cause)
    if (code !== undefined && !ofNames.has(code))
      throw systemError(
        cause,
        (cause as NodeJS.ErrnoException).path ?? archive,
        `to unpack ${archive}`,
        'The archive is kept.',
      )
    throw new HabaError(
      archive,
      `an archive with the folder ${holds}`,
      (cause as Error).message,
      'Fetch it again: it is damaged, or another archive.',
      { cause },
    )
  } finally {
    await clean()
  }
}

/** Counts unpacked bytes. @throws Error above the limits of an archive of this size */
type Budget = (bytes: number) => void

function budgetOf(size: number): Budget {
  const most = Math.max(MOST_BYTES, MOST_TIMES * size)
  let total = 0
  return (bytes) => {
    total += bytes
    if (!(total <= most)) throw new Error(`${size} bytes that unpack to more than ${most}`)
  }
}

/** @throws Error for a name that leads out of the target folder, on any system */
function checkName(name: string): void {
  const wrong = name.includes('\0')
    ? 'a name with a NUL'
    : /^[\\/]/.test(name)
      ? 'an absolute name'
      : /^[a-zA-Z]:/.test(name)
        ? 'a name with a drive'
        : name.includes('\\')
          ? 'a name with a backslash'
          : name.split('/').includes('..')
            ? 'a name that leads out of the archive'
            : undefined
  if (wrong !== undefined) throw new Error(`${wrong}: ${JSON.stringify(name)}`)
}

async function untar(file: string, cwd: string, budget: Budget): Promise<void> {
  const { extract } = await import('tar')
  let wrong: unknown
  // Throwing here would leave files open, so the first bad entry and all later ones are skipped.
  const filter = (path: string, entry: object) => {
    if (wrong !== undefined) return false
    const { type, size } = entry as { readonly type?: string; readonly size: number }
    try {
      checkName(path)
      if (type !== 'File' && type !== 'OldFile' && type !== 'Directory')
        throw new Error(`an entry of type ${String(type)}: ${JSON.stringify(path)}`)
      budget(size)
      return true
    } catch (error) {
      wrong = error
      return false
    }
  }
  const done = await extract({ file, cwd, strict: true, preserveOwner: false, filter }).catch((error: unknown) => error)
  if (wrong !== undefined || done !== undefined) throw wrong ?? done
}

async function unzip(file: string, folder: string, budget: Budget, size: number): Promise<void> {
  const { openPromise } = await import('yauzl')
  const zip = await openPromise(file)
  let stored = 0
  for await (const entry of zip.eachEntry()) {
    const { fileName, compressedSize, uncompressedSize, externalFileAttributes } = entry
    checkName(fileName)
    // Mode bits of Unix; 0 if another system wrote it.
    const kind = (externalFileAttributes >>> 16) & 0o170000
    if (kind !== 0 && kind !== 0o100000 && kind !== 0o040000)
      throw new Error(`an entry that is not a file: ${JSON.stringify(fileName)}`)
    budget(uncompressedSize)
    // Entries that share bytes could make a small file fill any disk.
    stored += compressedSize
    if (stored > size) throw new Error(`${stored} bytes in its entries, of ${size}`)
    const path = join(folder, fileName)
    if (fileName.endsWith('/')) {
      await mkdir(path, { recursive: true })
      continue
    }
    await mkdir(dirname(path), { recursive: true })
    let checksum = 0
    const check = new Transform({
      transform(chunk: Uint8Array, _, done) {
        checksum = crc32(chunk, checksum)
        done(null, chunk)
      },
    })
    await pipeline(await zip.openReadStreamPromise(entry), check, createWriteStream(path, { flags: 'wx' }))
    if (checksum !== entry.crc32) throw new Error(`${fileName} with a wrong checksum`)
  }
}
