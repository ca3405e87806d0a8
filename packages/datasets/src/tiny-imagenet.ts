import { access, readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { HabaError, type Dataset, type Preprocessing } from '@haba/core'
import { imageNetConstants } from './constants.js'
import { readBytes } from './idx.js'
import { lazyImages, type LazyOptions } from './lazy-images.js'
import { listImages, type ImageFiles } from './list-images.js'
import type { PathFilter } from './path-filter.js'
import { folderOf, getTodo, publishedSets } from './published-sets.js'
import { standardize } from './standardize.js'

/** Options of `tinyImageNet`. */
export interface TinyImageNetOptions extends LazyOptions {
  /** The unpacked `tiny-imagenet-200`. @default where `getPublished(publishedSets.tinyImageNet)` puts it */
  readonly folder?: string
  /** A fitted preprocessing, because images are read batch by batch. @default standardize(imageNetConstants) */
  readonly preprocessing?: Preprocessing
}

const jpeg: PathFilter = { takes: (path) => /\.jpe?g$/i.test(path), drops: () => false }

/**
 * Tiny ImageNet: 100 000 training and 10 000 test images (the published validation half), `[64, 64, 3]`, 200 classes in
 * the order of their WordNet ids. Images stay on disk and are decoded on demand.
 */
export async function tinyImageNet({
  folder = folderOf(publishedSets.tinyImageNet),
  preprocessing = standardize(imageNetConstants),
  cacheBytes = 2 ** 30,
}: TinyImageNetOptions = {}): Promise<Dataset> {
  await access(join(folder, 'train')).catch((cause: Error) => {
    throw new HabaError(folder, 'the folders train and val', cause.message, getTodo(publishedSets.tinyImageNet), {
      cause,
    })
  })
  const train = await listImages({ folder: join(folder, 'train'), filter: jpeg })
  const wnids = train.classNames
  return lazyImages({
    name: 'tiny-imagenet',
    classNames: await namesOf(folder, wnids),
    train,
    test: await validation(join(folder, 'val'), wnids),
    image: [64, 64, 3],
    decoding: { channels: 3, orient: false },
    preprocessing,
    cacheBytes,
  })
}

/** The first word of each id in words.txt, with the id if two classes share the word. */
async function namesOf(folder: string, wnids: readonly string[]): Promise<string[]> {
  const text = await readFile(join(folder, 'words.txt'), 'utf8').catch(() => '')
  const words = new Map(text.split(/\r?\n/).map((line) => line.split('\t') as [string, string | undefined]))
  const names = wnids.map((wnid) => words.get(wnid)?.split(',')[0]!.trim() ?? wnid)
  return names.map((name, i) => (names.indexOf(name) === names.lastIndexOf(name) ? name : `${name} ${wnids[i]}`))
}

/** The validation half, as published or sorted into one folder per class. */
async function validation(folder: string, wnids: readonly string[]): Promise<ImageFiles> {
  const images = join(folder, 'images')
  const entries = await readdir(images, { withFileTypes: true }).catch((cause: Error) => {
    throw new HabaError(images, 'a folder of images', cause.message, getTodo(publishedSets.tinyImageNet), { cause })
  })
  if (entries.some((entry) => entry.isDirectory()))
    return listImages({ folder: images, classNames: wnids, filter: jpeg })
  return annotated(folder, wnids, new Set(entries.map(({ name }) => name)))
}

/** Reads val_annotations.txt: one line per image, with its name, its class and a box. */
async function annotated(folder: string, wnids: readonly string[], found: ReadonlySet<string>): Promise<ImageFiles> {
  const file = join(folder, 'val_annotations.txt')
  const text = new TextDecoder().decode(await readBytes(file, getTodo(publishedSets.tinyImageNet)))
  const lines = text.split(/\r?\n/).filter((line) => line !== '')
  const files: string[] = []
  const labels = lines.map((line, i) => {
    const [name = '', wnid = ''] = line.split('\t')
    const label = wnids.indexOf(wnid)
    if (label < 0)
      throw new HabaError(`${file}, line ${i + 1}`, 'a class of training', `'${wnid}'`, 'Restore the published file.')
    if (!found.has(name))
      throw new HabaError(
        `${file}, line ${i + 1}`,
        `an image ${join(folder, 'images', name)}`,
        'none',
        'Unpack the published archive again.',
      )
    files.push(join('images', name))
    return label
  })
  if (files.length === 0) throw new HabaError(file, 'a line per image', 'none', 'Restore the published file.')
  return { folder, classNames: wnids, files, labels: Int32Array.from(labels) }
}
