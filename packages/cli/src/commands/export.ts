import { HabaError } from '@haba/core'
import { randomUUID } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, readdir, rename, rm, rmdir } from 'node:fs/promises'
import { PARTIAL, removeStalePartials } from '@haba/core/files'
import { exportedSet, type ExportedSet } from '../export/exported-set.js'
import { toHuggingFace } from '../export/to-hugging-face.js'
import { toImageFolder, toPngs } from '../export/to-images.js'
import { toNpz } from '../export/to-npz.js'
import { readRun } from '../folder/read-run.js'
import { progressOn, type Terminal } from '../tell/progress.js'

const formats = { png: toPngs, imagefolder: toImageFolder, npz: toNpz, huggingface: toHuggingFace } as const

export const formatNames: readonly string[] = Object.keys(formats)
type Format = keyof typeof formats

export interface ExportOptions {
  readonly to: Format
  readonly out: string
  readonly data?: string
  readonly engine?: string
  readonly allowPlugin?: readonly string[]
}

/** `haba export`: the images of a set in a format that other tools read. The folder appears when all of it is written. */
export async function exportCommand(
  run: string,
  { to, out: folder, ...elsewhere }: ExportOptions,
  { out, err }: Terminal,
): Promise<void> {
  if (existsSync(folder) && (await readdir(folder)).length > 0)
    throw new HabaError('haba export', 'a new or empty folder', folder, 'Choose another --out.')
  const { say } = progressOn(err)
  const read = await readRun(run, { ...elsewhere, say, reads: false })
  const set = await exportedSet(run, read, say)
  const whole = folder.replace(/[/\\]+$/, '')
  // What a killed export left.
  await removeStalePartials(whole)
  const partial = `${whole}.${randomUUID()}${PARTIAL}`
  await mkdir(partial, { recursive: true })
  try {
    await formats[to](set, partial)
    await rmdir(whole).catch(() => {})
    await rename(partial, whole)
  } catch (error) {
    await rm(partial, { recursive: true, force: true })
    throw error
  }
  out.write(
    `${[summary(set), ...(to === 'imagefolder' ? warningsOfFolders(set) : [])].join('\n')}\nWritten to ${folder}\n`,
  )
}

const summary = ({ rows, clamped, targets }: ExportedSet): string =>
  `${rows.toLocaleString('en-US')} images${targets ? ' with soft labels' : ''}: preprocessing undone, rounded to bytes; ${(100 * clamped).toFixed(2)} % of values lay outside of 0 … 255 and were clamped.`

/** What a folder for each class cannot hold. */
const warningsOfFolders = ({ targets, classNames }: ExportedSet): readonly string[] => [
  ...(targets
    ? ['Folders hold one label each: soft labels became the most probable class. npz and huggingface keep them.']
    : []),
  ...(classNames.some((name, i) => i > 0 && name < classNames[i - 1]!)
    ? ['Tools number classes by the sorted names of their folders, which is another order than the labels of the set.']
    : []),
]
