import { canonicalHash, differenceError, differences, HabaError } from '@haba/core'
import { readCheckedJson } from '@haba/core/files'
import { openExperts } from '@haba/matching/experts'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { Config, ExpertsSettings, Named } from '../config/config.js'
import { pathNames } from '../config/named.js'
import { withNewNames } from '../config/old-names.js'
import { expertsSchema } from '../config/section-schemas.js'
import { configText } from '../config/write-config.js'
import { inPlace } from '../assemble/in-place.js'
import { asHashed, madeOfIn, type MadeOf } from './made-of.js'
import type { Parts } from '../assemble/parts.js'

/** The description of a folder of experts. */
const FILE = 'experts.json'

/** Parts that experts depend on; test images are not among them. */
const taughtParts = ['classes', 'image', 'train', 'heldOut', 'preprocessing', 'network'] as const

/** The parts that experts depend on. */
export const taughtOf = (made: MadeOf): Partial<MadeOf> =>
  Object.fromEntries(taughtParts.filter((part) => made[part] !== undefined).map((part) => [part, made[part]]))

/** Their hash, which every expert stores. */
export const taughtHash = (made: MadeOf): string => canonicalHash(asHashed(taughtOf(made)))

/** The content of `experts.json`: how experts were trained. */
interface Recorded extends Omit<ExpertsSettings, 'folder' | 'count' | 'augmentation'> {
  readonly augmentation: unknown
  readonly data: Named
  readonly network: string
  readonly seed: number
  /** Absent in files of earlier versions. */
  readonly identity?: unknown
}

/** The description of experts that a configuration records. */
export function recordedAs(settings: ExpertsSettings, { read, network }: Pick<Parts, 'read' | 'network'>): Recorded {
  const { folder, count: _, augmentation, ...how } = settings
  const config = JSON.parse(configText(read.config, read.tables, folder)) as Config
  return {
    ...how,
    augmentation: augmentation ?? config.augmentation,
    data: config.data,
    network: network.name,
    seed: config.seed,
  }
}

/** Fields of `recordedAs` that must be equal. */
type HowPart = 'learningRate' | 'batch' | 'transform' | 'augmentation' | 'epochs' | 'seed'

/**
 * Compares a folder of experts with a configuration.
 *
 * @param as how the configuration would record them; undefined if it does not say
 * @param how the fields that must be equal
 * @returns whether the folder describes its experts and identifies their images
 * @throws HabaError with both sides if they differ
 */
export async function checkExperts(
  folder: string,
  parts: Pick<Parts, 'read' | 'made'>,
  as: Recorded | undefined,
  how: readonly HowPart[],
  say: (text: string) => void,
): Promise<'identified' | 'old' | 'untold'> {
  const file = join(folder, FILE)
  if (!existsSync(file)) return 'untold'
  const written = await readCheckedJson<Recorded>(file, { kind: 'experts' })
  const recorded = withNewNames({ file, path: '' }, expertsSchema, written) as Recorded
  const made = madeOfIn(file, recorded)
  const some = (of: Recorded) => Object.fromEntries(how.map((part) => [part, of[part]]))
  const found = [
    ...(made ? differences(taughtOf(parts.made), made) : oldDifferences(parts, recorded)),
    ...(as ? differences(some(as), some(recorded)) : []),
  ]
  if (found.length > 0) {
    const { expected, received: got } = differenceError('', found, '').facts
    throw new HabaError(
      `experts ${folder}`,
      `experts trained with this configuration: ${expected}`,
      `others: ${got} (see ${file})`,
      'Name another folder and record experts with `haba experts`, or delete this one.',
    )
  }
  if (!made)
    say(
      `experts ${folder}: an earlier version of haba trained them and did not record their images, so these cannot be ` +
        'checked.',
    )
  return made ? 'identified' : 'old'
}

/** Compares how data were read; earlier versions did not record which images they were. */
function oldDifferences({ read: { config, tables }, made }: Pick<Parts, 'read' | 'made'>, { data, network }: Recorded) {
  const paths = pathNames(tables.datasets[config.data.use]!.options)
  const without = (of: Named) => Object.fromEntries(Object.entries(of).filter(([name]) => !paths.includes(name)))
  return differences({ data: without(config.data), network: made.network }, { data: without(data), network })
}

/**
 * The experts that the objective of a configuration reads, as a part of an identity; no part if it reads none.
 *
 * @throws HabaError if they were trained on other images or with another configuration
 */
export async function expertsOf(parts: Parts, say: (text: string) => void): Promise<Pick<MadeOf, 'experts'>> {
  const { read, network } = parts
  const { objective, experts } = read.config
  const { experts: folder, limit } = objective
  if (typeof folder !== 'string') return {}
  const settings = experts?.folder === folder ? experts : undefined
  return await inPlace({ file: read.file, path: 'objective' }, async () => {
    const { count, epochs, identity } = await openExperts(
      folder,
      network,
      typeof limit === 'number' ? limit : undefined,
    )
    const as = settings && recordedAs(settings, parts)
    const told = await checkExperts(folder, parts, as, ['learningRate', 'batch', 'transform', 'augmentation'], say)
    if (told === 'untold') say(`experts ${folder}: no ${FILE}, so their images cannot be checked.`)
    const expected = taughtHash(parts.made)
    if (identity !== undefined && identity !== expected)
      throw new HabaError(
        `experts ${folder}`,
        `experts trained with this configuration (${expected})`,
        `others (${identity})`,
        'They were copied from another folder: record experts with `haba experts`.',
      )
    return { experts: { count, epochs, ...(identity !== undefined && { identity }) } }
  })
}

/** The path of a folder's `experts.json`. */
export const expertsFile = (folder: string): string => join(folder, FILE)
