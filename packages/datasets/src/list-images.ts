import { createHash } from 'node:crypto'
import { readdir, readFile, realpath, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { HabaError } from '@haba/core'
import { eachAtOnce } from './each-at-once.js'
import type { PathFilter } from './path-filter.js'

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
  /** Which files and class folders are taken. @default all */
  readonly filter?: PathFilter
  /** Whether the caller has an option `exclude` that leaves classes out. @default false */
  readonly excludes?: boolean
  /** Hint of the error for a missing class folder. @default sort the images */
  readonly hint?: string
}

const sortThem = 'Sort the images into one folder a class, named alike for training and test.'
const takeAll: PathFilter = { takes: () => true, drops: () => false }

/**
 * Lists a folder of folders: classes and files sorted by code unit. Names are compared, and given, in Unicode's composed
 * form (NFC). Files beside the class folders, hidden files, and what systems leave behind (`Thumbs.db`) are passed over;
 * a link counts as what it leads to.
 */
export async function listImages({
  folder,
  classNames,
  othersToo = false,
  every = classNames === undefined,
  filter = takeAll,
  excludes = false,
  hint = sortThem,
}: ListOptions): Promise<ImageFiles> {
  const entries = (await entriesOf(folder)).filter(({ name }) => !filter.drops(name.normalize()))
  const lost = entries.find(({ kind }) => kind === 'nothing')
  if (lost) throw new HabaError(join(folder, lost.name), 'a folder', 'a link that leads nowhere', 'Remove it.')
  const found = new Map<string, string[]>()
  for (const { name } of entries.filter(({ kind }) => kind === 'folder'))
    found.set(name.normalize(), [...(found.get(name.normalize()) ?? []), name])
  const names = classNames ?? [...found.keys()].sort()
  const known = new Set(names.map((name) => name.normalize()))
  const unknown = othersToo ? [] : [...found.keys()].filter((name) => !known.has(name))
  if (found.size === 0 || unknown.length > 0)
    throw new HabaError(
      folder,
      classNames ? `folders named as the classes of training (${names.length} of them)` : 'one folder a class',
      unknown.length > 0 ? `also ${unknown.slice(0, 5).join(', ')} (${unknown.length} in all)` : whatElse(entries),
      unknown.length > 0 && excludes ? `Add images of them to training, or leave them out with \`exclude\`.` : hint,
    )
  const files: string[] = []
  const labels: number[] = []
  for (const [label, name] of names.entries()) {
    const within = await filesOfClass(folder, found.get(name.normalize()) ?? [], filter)
    if (within.length === 0 && every)
      throw new HabaError(
        join(folder, name),
        'at least one image',
        'none',
        classNames
          ? 'Put the images of this class here.'
          : `Fill the folder${excludes ? ', leave it out with `exclude`,' : ''} or remove it.`,
      )
    for (const file of within) {
      files.push(file)
      labels.push(label)
    }
  }
  if (files.length === 0)
    throw new HabaError(folder, 'at least one image', `none in ${found.size} folders`, 'Put the images there.')
  return { folder, classNames: names, files, labels: Int32Array.from(labels) }
}

const whatElse = (entries: readonly Entry[]) =>
  entries.length === 0
    ? 'an empty folder'
    : `${entries.length} ${entries.length === 1 ? 'file' : 'files'} and no folder`

/** A class may be spelled in two ways of Unicode, and so have two folders. */
async function filesOfClass(folder: string, names: readonly string[], filter: PathFilter): Promise<string[]> {
  const files: string[] = []
  for (const name of names)
    for (const file of await filesWithin(join(folder, name), []))
      if (filter.takes(join(name, file).normalize(), join(folder, name, file))) files.push(join(name, file))
  return files
}

/** @param above the real paths of the folders around it, so that a link to one of them ends the search */
async function filesWithin(folder: string, above: readonly string[]): Promise<string[]> {
  const real = await realpath(folder)
  if (above.includes(real)) return []
  const files: string[] = []
  for (const { name, kind } of await entriesOf(folder))
    if (kind === 'folder')
      for (const file of await filesWithin(join(folder, name), [...above, real])) files.push(join(name, file))
    else files.push(name)
  return files.sort()
}

/** Something in a folder; links are followed. */
export interface Entry {
  readonly name: string
  readonly kind: 'folder' | 'file' | 'nothing'
}

/** Files that systems and tools create among images, besides hidden ones. */
const leftBehind = new Set(['thumbs.db', 'ehthumbs.db', 'desktop.ini', 'icon\r', '__macosx', '@eadir', '$recycle.bin'])

/** The files of a folder, without hidden files and those that operating systems create. */
export async function entriesOf(folder: string): Promise<readonly Entry[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch((cause: Error) => {
    throw new HabaError(folder, 'a folder with one folder a class', cause.message, 'Check the path.', { cause })
  })
  const wanted = entries.filter(({ name }) => !name.startsWith('.') && !leftBehind.has(name.toLowerCase()))
  return Promise.all(
    wanted.map(async (entry) => {
      const seen = entry.isSymbolicLink() ? await stat(join(folder, entry.name)).catch(() => undefined) : entry
      return { name: entry.name, kind: seen?.isDirectory() ? 'folder' : seen ? 'file' : 'nothing' } as const
    }),
  )
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
