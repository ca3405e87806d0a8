import { checkedJson } from '@haba/core'
import { readCheckedJson, writeWhole } from '@haba/core/files'
import { existsSync } from 'node:fs'
import { isDeepStrictEqual } from 'node:util'
import type { SelectionName } from '../plugins/selections.js'
import type { ChooseByName } from '../measure/chosen-images.js'
import { imagesHash } from './made-of.js'
import type { Parts } from '../assemble/parts.js'
import { checks } from './file-schemas.js'
import { besideRun } from './packed.js'
import { FILES } from './run-folder.js'

/** Chosen images, with everything that the choice depends on. */
interface Choice {
  readonly name: SelectionName
  readonly of: ReturnType<typeof dependingOn>
  readonly images: readonly number[]
}

const dependingOn = ({ read: { config }, made }: Parts, perClass: readonly number[]) => ({
  seed: config.seed,
  engine: config.engine.use,
  images: imagesHash(made),
  selection: { ...config.compare.selection },
  perClass,
})

/** The choices so far. Earlier versions wrote only the list. */
export async function readChoices(file: string): Promise<readonly Choice[]> {
  const check = (value: unknown) => checks.choices(Array.isArray(value) ? { choices: value } : value)
  const read = await readCheckedJson<{ readonly choices: readonly Choice[] } | readonly Choice[]>(file, {
    kind: 'choices',
    check,
  })
  return 'choices' in read ? read.choices : read
}

/** Caches choices in a run folder, because choosing trains a network on all data. */
export const keptIn =
  (folder: string, choose: ChooseByName): ChooseByName =>
  async (name, perClass, measure) => {
    const file = besideRun(folder, FILES.choices)
    const earlier = existsSync(file) ? await readChoices(file) : []
    const of = dependingOn(measure.parts, perClass)
    const same = earlier.find((choice) => choice.name === name && isDeepStrictEqual(choice.of, of))
    if (same) return Int32Array.from(same.images)
    const images = await choose(name, perClass, measure)
    await writeWhole(
      file,
      `${checkedJson({ choices: [...earlier, { name, of, images: [...images] } satisfies Choice] })}\n`,
    )
    return images
  }
