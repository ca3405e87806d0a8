import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { HabaError } from '@haba/core'
import { eachAtOnce } from './each-at-once.js'

/** The images of one half, class by class, in sorted order. */
export interface ImageFiles {
  readonly folder: string
  readonly classNames: readonly string[]
  /** Paths within `folder`. */
  readonly files: readonly string[]
  readonly labels: Int32Array
}

interface ListOptions {
  readonly folder: string
  /** The classes that are known already. @default the names of the folders, sorted */
  readonly classNames?: readonly string[]
  /** Whether folders of other classes are passed over, not refused. @default false */
  readonly othersToo?: boolean
  /** Whether every class must have an image. @default true where classes are not known already */
  readonly every?: boolean
  readonly include: (file: string) => boolean
}

/** Lists a folder of folders: classes and files sorted by code unit, hidden ones left out. */
export async function listImages({
  folder,
  classNames,
  othersToo = false,
  every = classNames === undefined,
  include,
}: ListOptions): Promise<ImageFiles> {
  const entries = await readdir(folder, { withFileTypes: true }).catch((cause: Error) => {
    throw new HabaError(folder, 'a folder with one folder a class', cause.message, 'Check the path.', { cause })
  })
  const found = entries.filter((entry) => !entry.isFile() && !entry.name.startsWith('.')).map(({ name }) => name)
  const names = classNames ?? found.sort()
  const unknown = othersToo ? [] : found.filter((name) => !names.includes(name))
  if (names.length === 0 || unknown.length > 0)
    throw new HabaError(
      folder,
      classNames ? `folders named as the classes of training (${names.length} of them)` : 'one folder a class',
      unknown.length > 0 ? `also ${unknown.slice(0, 5).join(', ')} (${unknown.length} in all)` : 'no folder',
      'Sort the images into one folder a class, named alike for training and test.',
    )
  const files: string[] = []
  const labels: number[] = []
  for (const [label, name] of names.entries()) {
    const within = found.includes(name) ? await filesWithin(join(folder, name), include) : []
    if (within.length === 0 && every)
      throw new HabaError(
        join(folder, name),
        'at least one image',
        'none',
        classNames ? 'Put the images of this class here.' : 'Fill the folder or remove it.',
      )
    for (const file of within) {
      files.push(join(name, file))
      labels.push(label)
    }
  }
  return { folder, classNames: names, files, labels: Int32Array.from(labels) }
}

async function filesWithin(folder: string, include: (file: string) => boolean): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true })
  const files: string[] = []
  for (const entry of entries) {
    if (entry.name.startsWith('.')) continue
    if (entry.isDirectory())
      files.push(...(await filesWithin(join(folder, entry.name), include)).map((file) => join(entry.name, file)))
    else if (include(join(folder, entry.name))) files.push(entry.name)
  }
  return files.sort()
}

/** A digest of the names and contents of all files, and of how they are to be read. */
export async function fingerprint(halves: readonly ImageFiles[], how: unknown): Promise<string> {
  const whole = createHash('sha256').update(JSON.stringify(how))
  for (const { folder, files } of halves) {
    const digests = new Array<string>(files.length)
    await eachAtOnce(files.length, 16, async (i) => {
      digests[i] = createHash('sha256')
        .update(await readFile(join(folder, files[i]!)))
        .digest('hex')
    })
    whole.update(JSON.stringify(files.map((file, i) => [file.replaceAll('\\', '/'), digests[i]])))
  }
  return whole.digest('hex')
}
