import { access } from 'node:fs/promises'
import { join } from 'node:path'
import { fetchFiles, type FetchOptions } from './fetch-files.js'
import { dataFolder, folderOf, type PublishedSet } from './published-sets.js'
import { unpack } from './unpack.js'

/** Options of `getPublished`. */
export interface GetOptions extends Pick<FetchOptions, 'mirror' | 'onProgress' | 'retries'> {
  /** Target folder. @default the set's folder in `HABA_DATA`, or in `.cache/haba` of the home folder */
  readonly to?: string
}

/**
 * Fetches, verifies and unpacks a published data set. Existing files are kept.
 *
 * @returns the folder that the set's loader takes
 * @example await cifar10({ folder: await getPublished(publishedSets.cifar10) })
 */
export async function getPublished(
  set: PublishedSet,
  { to = join(dataFolder(), set.name), ...options }: GetOptions = {},
): Promise<string> {
  const folder = folderOf(set, to)
  const { unpacksTo } = set
  const ready =
    unpacksTo !== undefined &&
    (await access(folder).then(
      () => true,
      () => false,
    ))
  if (ready) return folder
  const paths = await fetchFiles({ ...options, files: set.files, folder: to })
  if (unpacksTo !== undefined) for (const path of paths) await unpack(path, to, unpacksTo)
  return folder
}
