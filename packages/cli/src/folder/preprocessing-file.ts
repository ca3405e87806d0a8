import { fromSafetensors, HabaError, toSafetensors, type Engine, type Preprocessing } from '@haba/core'
import { writeWhole } from '@haba/core/files'
import {
  identity,
  isZca,
  standardize,
  zcaFromTensors,
  zcaToTensors,
  type ChannelConstants,
  type ZcaTensors,
} from '@haba/datasets'
import { join } from 'node:path'
import { preprocessingName } from '../config/old-names.js'
import { checks } from './file-schemas.js'
import { nameIn, readRunFile } from './packed.js'
import { FILES } from './run-folder.js'

/** A preprocessing in a manifest. */
export interface SavedPreprocessing {
  readonly name: string
  readonly settings: Preprocessing['settings']
}

/** Describes a preprocessing; the matrices of a ZCA are written to a separate file. */
export async function savePreprocessing(folder: string, preprocessing: Preprocessing): Promise<SavedPreprocessing> {
  const { name, settings } = preprocessing
  if (!isZca(preprocessing)) return { name, settings }
  const tensors = Object.entries(zcaToTensors(preprocessing))
  await writeWhole(join(folder, FILES.preprocessing), toSafetensors(new Map(tensors)))
  return { name, settings: { ...settings, file: FILES.preprocessing } }
}

/** The same description for another folder. @param way relative path to the folder of its file */
export const seenFrom = (way: string, { name, settings }: SavedPreprocessing): SavedPreprocessing => ({
  name,
  settings: typeof settings.file === 'string' ? { ...settings, file: `${way}/${settings.file}` } : settings,
})

/**
 * Restores the preprocessing of a finished set without its data; undefined for that of a plugin.
 *
 * @param engine needed to whiten data sets, not to show images
 */
export async function restorePreprocessing(
  folder: string,
  { name: written, settings }: SavedPreprocessing,
  engine?: Engine,
): Promise<Preprocessing | undefined> {
  const name = preprocessingName(written)
  if (name === 'identity') return identity()
  if (name !== 'standardize' && name !== 'zca') return undefined
  const who = `preprocessing of ${nameIn(folder, 'set.json')}`
  const wrong = checks.preprocessing[name](settings)
  if (wrong) throw new HabaError(who, `${wrong.field} to be ${wrong.expected}`, wrong.got, todo)
  // Checked above.
  if (name === 'standardize') return named(who, () => standardize(settings as unknown as ChannelConstants))
  const file = nameIn(folder, FILES.preprocessing)
  const bytes = await readRunFile(folder, FILES.preprocessing)
  if (!bytes) throw new HabaError(`preprocessing ${file}`, 'a file', 'none', todo)
  const { tensors } = fromSafetensors(file, bytes, 'preprocessing')
  for (const part of ['mean', 'transform', 'inverse'] as const) {
    const found = tensors.get(part)
    if (found?.dtype !== 'float32' || found.rank !== (part === 'mean' ? 1 : 2))
      throw new HabaError(
        `preprocessing ${file}`,
        `a tensor "${part}" of ${part === 'mean' ? 1 : 2} axes and float32`,
        found ? `${found.dtype} of [${found.shape}]` : 'none',
        todo,
      )
  }
  return named(`preprocessing ${file}`, () =>
    zcaFromTensors({
      // Each part was checked above.
      tensors: Object.fromEntries(tensors) as unknown as ZcaTensors,
      epsilon: settings.epsilon as number,
      ...(engine && { engine }),
    }),
  )
}

const todo = 'Restore this file from a copy, or distill again.'

/** Adds the file's name to errors of `make`. */
async function named<T>(who: string, make: () => T | Promise<T>): Promise<T> {
  try {
    return await make()
  } catch (cause) {
    if (!HabaError.is(cause)) throw cause
    const { expected, received: got } = cause.facts
    throw new HabaError(who, expected, got, todo, { cause })
  }
}
