import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import type { SelectionName } from '../plugins/selections.js'
import type { ChooseByName } from './chosen-images.js'
import type { Parts } from './parts.js'
import { FILES, writeWhole } from './run-folder.js'

/** Images that were chosen once, with all that the choice depends on. */
interface Choice {
  readonly name: SelectionName
  readonly of: ReturnType<typeof dependingOn>
  readonly images: readonly number[]
}

const dependingOn = ({ read: { config }, data }: Parts, perClass: readonly number[]) => ({
  seed: config.seed,
  engine: config.engine.use,
  data: config.data,
  network: config.network,
  augmentation: config.augmentation,
  selection: { ...config.compare.selection },
  // A validation split leaves fewer.
  images: data.train.labels.length,
  perClass,
})

/** Chooses each images once for a run: choosing trains a network on all data, which would else be done at every evaluation. */
export const keptIn =
  (folder: string, choose: ChooseByName): ChooseByName =>
  async (name, perClass, measure) => {
    const file = join(folder, FILES.choices)
    const known = existsSync(file) ? (JSON.parse(await readFile(file, 'utf8')) as readonly Choice[]) : []
    const of = dependingOn(measure.parts, perClass)
    const same = known.find((choice) => choice.name === name && isDeepStrictEqual(choice.of, of))
    if (same) return Int32Array.from(same.images)
    const images = await choose(name, perClass, measure)
    await writeWhole(file, `${JSON.stringify([...known, { name, of, images: [...images] } satisfies Choice])}\n`)
    return images
  }
