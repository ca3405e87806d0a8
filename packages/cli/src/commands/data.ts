import { HabaError } from '@haba/core'
import { getPublished, publishedSets, type PublishedSet } from '@haba/datasets'
import { resolve } from 'node:path'
import { correction } from '../config/validate.js'
import { progressOn, type Terminal } from '../tell/progress.js'

export interface DataOptions {
  readonly to?: string
  readonly mirror?: string
}

const sets: readonly PublishedSet[] = Object.values(publishedSets)

/** The data sets that can be fetched, for `--help`. */
export const setsText = `
Sets:
${sets.map(({ name, files }) => `  ${name.padEnd(14)} ${Math.ceil(files.reduce((sum, { size = 0 }) => sum + size, 0) / 1e6)} MB`).join('\n')}

Files are verified, and archives are unpacked. Interrupted downloads resume; complete files are skipped.
They are stored in HABA_DATA, or in .cache/haba in the home folder. Datasets without a "folder" look there.
ImageNet must be downloaded from image-net.org, which requires its permission.
`

/** `haba data get`: fetches a published data set and prints its folder. */
export async function dataGetCommand(name: string, { to, mirror }: DataOptions, { out, err }: Terminal): Promise<void> {
  const names = sets.map((set) => set.name)
  const set = sets.find((each) => each.name === name)
  if (!set) throw new HabaError('haba data get', `one of ${names.join(', ')}`, `"${name}"`, correction(name, names))
  const progress = progressOn(err)
  const folder = await getPublished(set, {
    ...(to !== undefined && { to: resolve(to) }),
    ...(mirror !== undefined && { mirror }),
    onProgress: ({ file, done, total }) => progress.count(`${file}, MB`, megabytes(done), megabytes(total ?? done), ''),
  })
  out.write(`${name} is in ${folder}\n"data": ${JSON.stringify({ use: name, folder })}\n`)
}

const megabytes = (bytes: number) => Math.ceil(bytes / 1e6)
