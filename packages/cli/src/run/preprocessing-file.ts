import { fromSafetensors, toSafetensors, type Preprocessing } from '@haba/core'
import { identity, isZca, standardise, zcaFromTensors, zcaToTensors, type ZcaTensors } from '@haba/datasets'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { FILES, writeWhole } from './run-folder.js'

/** A preprocessing as a manifest tells it. */
export interface SavedPreprocessing {
  readonly name: string
  readonly settings: Preprocessing['settings']
}

/** Describes a preprocessing; the matrices of a ZCA go to a file of their own. */
export async function savePreprocessing(folder: string, preprocessing: Preprocessing): Promise<SavedPreprocessing> {
  const { name, settings } = preprocessing
  if (!isZca(preprocessing)) return { name, settings }
  const tensors = Object.entries(zcaToTensors(preprocessing))
  await writeWhole(join(folder, FILES.preprocessing), toSafetensors(new Map(tensors)))
  return { name, settings: { ...settings, file: FILES.preprocessing } }
}

/** The same, told from another folder. @param way back to the folder that its file lies in */
export const seenFrom = (way: string, { name, settings }: SavedPreprocessing): SavedPreprocessing => ({
  name,
  settings: typeof settings.file === 'string' ? { ...settings, file: `${way}/${settings.file}` } : settings,
})

/** The preprocessing of a finished set, without its data; undefined for one that a plugin brought. */
export async function restorePreprocessing(
  folder: string,
  { name, settings }: SavedPreprocessing,
): Promise<Preprocessing | undefined> {
  if (name === 'identity') return identity()
  if (name === 'standardise') return standardise(settings as unknown as Parameters<typeof standardise>[0])
  if (name !== 'zca') return undefined
  const file = join(folder, FILES.preprocessing)
  const { tensors } = fromSafetensors(file, await readFile(file))
  return zcaFromTensors({
    tensors: Object.fromEntries(tensors) as unknown as ZcaTensors,
    epsilon: settings.epsilon as number,
  })
}
