import { canonicalHash, differenceError, differences, HabaError } from '@haba/core'
import { readCheckedJson } from '@haba/core/files'
import { openExperts } from '@haba/matching/experts'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { Config, ExpertsSettings, Named } from '../config/config.js'
import { pathNames } from '../config/named.js'
import { withNewNames } from '../config/old-names.js'
import { expertsSchema } from '../config/schema.js'
import { configText } from '../config/write-config.js'
import { inPlace } from '../assemble/in-place.js'
import { asHashed, madeOfIn, type MadeOf } from './made-of.js'
import type { Parts } from '../assemble/parts.js'

/** What a folder of experts says of them, in `experts.json`. */
const FILE = 'experts.json'

/** What experts learn depends on these parts; test images are none of them. */
const taughtParts = ['classes', 'image', 'train', 'heldOut', 'preprocessing', 'network'] as const

/** What experts of these parts were made of. */
export const taughtOf = (made: MadeOf): Partial<MadeOf> =>
  Object.fromEntries(taughtParts.filter((part) => made[part] !== undefined).map((part) => [part, made[part]]))

/** A hash of it, which every expert holds. */
export const taughtHash = (made: MadeOf): string => canonicalHash(asHashed(taughtOf(made)))

/** What `experts.json` holds of how they were trained. */
interface Recorded extends Omit<ExpertsSettings, 'folder' | 'count' | 'augmentation'> {
  readonly augmentation: unknown
  readonly data: Named
  readonly network: string
  readonly seed: number
  /** Of earlier versions, none. */
  readonly identity?: unknown
}

/** What is written of experts that are recorded as a configuration says. */
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

/** What must be alike, of what `recordedAs` says. */
type HowPart = 'learningRate' | 'batch' | 'transform' | 'augmentation' | 'epochs' | 'seed'

/**
 * Holds a folder of experts to a configuration.
 *
 * @param as how the configuration would record them; undefined where it does not say
 * @param how what of that must be alike
 * @returns whether the folder says what its experts are, and of which images
 * @throws HabaError with both sides
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
      `experts that were trained as this configuration says: ${expected}`,
      `others: ${got} (see ${file})`,
      'Name another folder and record experts with `haba experts`, or delete this one.',
    )
  }
  if (!made)
    say(
      `experts ${folder}: an earlier version of haba recorded them, and did not record the images that they learned from: ` +
        'they cannot be compared.',
    )
  return made ? 'identified' : 'old'
}

/** Earlier versions say how data were read, but not which images they were. */
function oldDifferences({ read: { config, tables }, made }: Pick<Parts, 'read' | 'made'>, { data, network }: Recorded) {
  const paths = pathNames(tables.datasets[config.data.use]!.options)
  const without = (of: Named) => Object.fromEntries(Object.entries(of).filter(([name]) => !paths.includes(name)))
  return differences({ data: without(config.data), network: made.network }, { data: without(data), network })
}

/**
 * The experts that the objective of a configuration reads, as a part of what is made with them; undefined where it reads none.
 *
 * @throws HabaError where they were trained on other images, or otherwise than the configuration says
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
    if (told === 'untold') say(`experts ${folder}: no ${FILE}: what they learned from cannot be compared.`)
    const expected = taughtHash(parts.made)
    if (identity !== undefined && identity !== expected)
      throw new HabaError(
        `experts ${folder}`,
        `experts that were trained as this configuration says (${expected})`,
        `others (${identity})`,
        'They were moved here from another folder: record experts with `haba experts`.',
      )
    return { experts: { count, epochs, ...(identity !== undefined && { identity }) } }
  })
}

/** Where a folder of experts says what they are. */
export const expertsFile = (folder: string): string => join(folder, FILE)
