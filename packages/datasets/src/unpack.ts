import { createWriteStream } from 'node:fs'
import { mkdir, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { HabaError } from '@haba/core'

/**
 * Unpacks a .tar.gz or .zip file by file, so that `into/holds` is there whole or not at all.
 *
 * @param holds the folder that the archive has at its top
 */
export async function unpack(archive: string, into: string, holds: string): Promise<void> {
  const beside = join(into, `${holds}.part`)
  await rm(beside, { recursive: true, force: true })
  await mkdir(beside, { recursive: true })
  try {
    await (archive.endsWith('.zip') ? unzip(archive, beside) : untar(archive, beside))
    await rename(join(beside, holds), join(into, holds))
  } catch (cause) {
    throw new HabaError(
      archive,
      `an archive with the folder ${holds}`,
      (cause as Error).message,
      'Fetch it again: it is damaged, or another archive.',
      { cause },
    )
  } finally {
    await rm(beside, { recursive: true, force: true })
  }
}

/** Both libraries refuse paths that lead out of the folder. */
async function untar(file: string, cwd: string): Promise<void> {
  const { extract } = await import('tar')
  await extract({ file, cwd, strict: true })
}

async function unzip(file: string, folder: string): Promise<void> {
  const { openPromise } = await import('yauzl')
  const zip = await openPromise(file)
  for await (const entry of zip.eachEntry()) {
    const path = join(folder, entry.fileName)
    if (entry.fileName.endsWith('/')) {
      await mkdir(path, { recursive: true })
      continue
    }
    await mkdir(dirname(path), { recursive: true })
    await pipeline(await zip.openReadStreamPromise(entry), createWriteStream(path))
  }
}
