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
  /** The classes, if known. @default the sorted names of the folders */
  readonly classNames?: readonly string[]
  /** Whether folders of other classes are ignored instead of refused. @default false */
  readonly othersToo?: boolean
  /** Whether every class must have an image. @default true if classes are not known */
  readonly every?: boolean
  /** Files and class folders to read. @default all */
  readonly filter?: PathFilter
  /** Whether the caller has an option `exclude` that leaves classes out. @default false */
  readonly excludes?: boolean
  /** Hint of the error for a missing class folder. @default sort the images */
  readonly hint?: string
}

const sortThem = 'Sort the images into one folder per class, with equal names for training and test.'
const takeAll: PathFilter = { takes: () => true, drops: () => false }

/**
 * Lists a folder of class folders, with classes and files sorted by code unit. Names are compared and returned in Unicode's
 * composed form (NFC). Files beside the class folders, hidden files and system files (`Thumbs.db`) are ignored. Links are
 * followed.
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
  if (lost) throw new HabaError(join(folder, lost.name), 'a folder', 'a dangling link', 'Remove it.')
  const found = new Map<string, string[]>()
  for (const { name } of entries.filter(({ kind }) => kind === 'folder'))
    found.set(name.normalize(), [...(found.get(name.normalize()) ?? []), name])
  const names = classNames ?? [...found.keys()].sort()
  const known = new Set(names.map((name) => name.normalize()))
  const unknown = othersToo ? [] : [...found.keys()].filter((name) => !known.has(name))
  if (found.size === 0 || unknown.length > 0)
    throw new HabaError(
      folder,
      classNames ? `folders with the names of the ${names.length} training classes` : 'one folder per class',
      unknown.length > 0 ? `also ${unknown.slice(0, 5).join(', ')} (${unknown.length} in all)` : whatElse(entries),
      unknown.length > 0 && excludes
        ? `Add images of these classes to training, or exclude them with \`exclude\`.`
        : hint,
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
          : `Fill the folder${excludes ? ', exclude it with `exclude`' : ''} or remove it.`,
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

/** The files of a class, which may have two folders with different Unicode spellings of its name. */
async function filesOfClass(folder: string, names: readonly string[], filter: PathFilter): Promise<string[]> {
  const files: string[] = []
  for (const name of names)
    for (const file of await filesWithin(join(folder, name), []))
      if (filter.takes(join(name, file).normalize(), join(folder, name, file))) files.push(join(name, file))
  return files
}

/** @param above real paths of its parent folders: a link to one of them would never end */
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

/** An entry of a folder; links are followed. */
export interface Entry {
  readonly name: string
  readonly kind: 'folder' | 'file' | 'nothing'
}

/** Files that systems and tools create, besides hidden ones. */
const leftBehind = new Set(['thumbs.db', 'ehthumbs.db', 'desktop.ini', 'icon\r', '__macosx', '@eadir', '$recycle.bin'])

/** The files of a folder, without hidden files and those that operating systems create. */
export async function entriesOf(folder: string): Promise<readonly Entry[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch((cause: Error) => {
    throw new HabaError(folder, 'a folder with one folder per class', cause.message, 'Check the path.', { cause })
  })
  const wanted = entries.filter(({ name }) => !name.startsWith('.') && !leftBehind.has(name.toLowerCase()))
  return Promise.all(
    wanted.map(async (entry) => {
      const seen = entry.isSymbolicLink() ? await stat(join(folder, entry.name)).catch(() => undefined) : entry
      return { name: entry.name, kind: seen?.isDirectory() ? 'folder' : seen ? 'file' : 'nothing' } as const
    }),
  )
}

/** A digest of the names and contents of all files, and of the reading options. */
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
