import { canonicalHash, differenceError, differences } from '@haba/core'
import { join } from 'node:path'
import type { Config, Named } from '../config/config.js'
import { pathNames } from '../config/named.js'
import { readConfigAgain, type ReadConfig } from '../config/read-config.js'
import type { AnyTable, Tables } from '../plugins/tables.js'
import { FILES } from './run-folder.js'

/**
 * Options that may change when a run is resumed, and the effect; false marks an option that must not change inside one that
 * may. All other options must not change. The longest matching prefix of an option's path decides.
 */
const mayChange: Readonly<Record<string, string | false>> = {
  name: 'only reports use it',
  steps: 'more: the run continues; fewer: it ends there, but not before the steps it has taken',
  checkpointEvery: 'how often progress is saved',
  engine: 'results differ by rounding',
  diverged: 'what happens after a step that is not finite',
  memory: 'results differ by rounding',
  plugins: 'where plugins are found',
  evaluate: 'how sets are measured: every row that depends on it is measured again',
  compare: 'what the set is compared with: rows that depend on it are measured again',
  'compare.pixels.optimizer': false,
  'compare.pixels.perClass': false,
  'compare.pixels.objectiveOptimizer': false,
  'compare.pixels.clipNorm': false,
  experts: 'only `haba experts` uses it; the experts that the run reads must be the same',
}

/** The options as lines of text, for help and documents. */
export const mayChangeText = (): readonly string[] => [
  ...Object.entries(mayChange).map(([option, text]) =>
    text === false ? `${option}: must not change, because the images depend on it` : `${option}: ${text}`,
  ),
  'every path: files may be elsewhere, but must hold the same images',
]

const isFree = (option: string): boolean => {
  const names = Object.keys(mayChange).filter((name) => option === name || option.startsWith(`${name}.`))
  const longest = names.sort((a, b) => b.length - a.length)[0]
  return longest !== undefined && mayChange[longest] !== false
}

/** A configuration without paths, because the location of files is not part of a run's identity. */
function withoutPaths(config: Config, tables: Tables): Config {
  const without = (value: Named, table: AnyTable): Named => {
    const paths = pathNames(table[value.use]!.options)
    const kept = Object.entries(value).filter(([name]) => !paths.includes(name))
    return { use: value.use, ...Object.fromEntries(kept) }
  }
  return {
    ...config,
    data: without(config.data, tables.datasets),
    network: without(config.network, tables.networks),
    augmentation: without(config.augmentation, tables.augmentations),
    set: without(config.set, tables.parameterizations),
    objective: without(config.objective, tables.objectives),
    games: config.games.map((game) => without(game, tables.games)),
  }
}

/** Hash of the options that must not change. */
export function heldHash({ config, tables }: ReadConfig): string {
  const own = withoutPaths(config, tables)
  const { pixels } = own.compare
  return canonicalHash({
    ...Object.fromEntries(Object.entries(own).filter(([option]) => !isFree(option))),
    ...(pixels && { pixels: { ...pixels, steps: undefined } }),
  })
}

/**
 * Compares a run's configuration with the one that it started with.
 *
 * @param written the configuration that the run recorded when it started
 * @throws HabaError naming every changed option that must not change
 */
export function checkHeld(folder: string, read: ReadConfig, written: unknown): void {
  const where = { file: join(folder, FILES.identity), path: 'config' }
  const initial = withoutPaths(readConfigAgain(written, read, where), read.tables)
  const changed = differences(initial, withoutPaths(read.config, read.tables)).filter(({ part }) => !isFree(part))
  if (changed.length > 0)
    throw differenceError(
      `run ${folder}: configuration`,
      changed,
      `Write the values of ${where.file}, which the run started with, back into ${read.file}, or start another run. \`haba distill --help\` lists ` +
        'what may change.',
    )
}
