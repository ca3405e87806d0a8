import { canonicalHash, differenceError, differences } from '@haba/core'
import { join } from 'node:path'
import type { Config, Named } from '../config/config.js'
import { pathNames } from '../config/named.js'
import { readConfigAgain, type ReadConfig } from '../config/read-config.js'
import type { AnyTable, Tables } from '../plugins/tables.js'
import { FILES } from './run-folder.js'

/**
 * What of a configuration may change when a run is resumed, and what then happens; false: held inside of an option that may
 * change. All else is held. The longest name that an option begins with decides.
 */
const mayChange: Readonly<Record<string, string | false>> = {
  name: 'only reports use it',
  steps: 'more of them: the run continues; fewer: it ends there, and is refused where it is further already',
  checkpointEvery: 'how often progress is saved',
  engine: 'what computes; results differ by rounding',
  diverged: 'what happens where a step is not finite',
  memory: 'how a step uses memory; results differ by rounding',
  plugins: 'where plugins are found',
  evaluate: 'how sets are measured: every row that depends on it is measured again',
  compare: 'what the set is compared with: rows that depend on it are measured again',
  'compare.pixels.optimizer': false,
  'compare.pixels.perClass': false,
  'compare.pixels.objectiveOptimizer': false,
  'compare.pixels.clipNorm': false,
  experts: 'only `haba experts` uses it; experts that the run has read must be the same',
}

/** The same as lines of text, for help and documents. */
export const mayChangeText = (): readonly string[] => [
  ...Object.entries(mayChange).map(([option, text]) =>
    text === false ? `${option}: no, since images were distilled by it` : `${option}: ${text}`,
  ),
  'every path: files may lie elsewhere, but must hold the same images',
]

const isFree = (option: string): boolean => {
  const names = Object.keys(mayChange).filter((name) => option === name || option.startsWith(`${name}.`))
  const longest = names.sort((a, b) => b.length - a.length)[0]
  return longest !== undefined && mayChange[longest] !== false
}

/** A configuration without its paths: where files lie is not what a run is made of. */
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

/** The hash of what a run is held to. */
export function heldHash({ config, tables }: ReadConfig): string {
  const own = withoutPaths(config, tables)
  const { pixels } = own.compare
  return canonicalHash({
    ...Object.fromEntries(Object.entries(own).filter(([option]) => !isFree(option))),
    ...(pixels && { pixels: { ...pixels, steps: undefined } }),
  })
}

/**
 * Holds a run to the configuration that it began with.
 *
 * @param written what the run wrote down when it began
 * @throws HabaError naming every option that may not change
 */
export function checkHeld(folder: string, read: ReadConfig, written: unknown): void {
  const where = { file: join(folder, FILES.identity), path: 'config' }
  const begun = withoutPaths(readConfigAgain(written, read, where), read.tables)
  const changed = differences(begun, withoutPaths(read.config, read.tables)).filter(({ part }) => !isFree(part))
  if (changed.length > 0)
    throw differenceError(
      `run ${folder}: configuration`,
      changed,
      `A run keeps what it began with, which ${where.file} tells: write it back into ${read.file}, or start another run. \`haba distill --help\` lists ` +
        'what may change.',
    )
}
