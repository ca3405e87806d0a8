import { isAbsolute, relative, sep } from 'node:path'
import type { AnyTable, Tables } from '../plugins/tables.js'
import type { Config, Named } from './config.js'
import { mapPaths } from './named.js'

/**
 * A configuration as the text of a file in `folder`, complete, with paths relative to it: the file can be run again, and
 * says the same in every folder of equal depth.
 */
export function configText(config: Config, tables: Tables, folder: string): string {
  const shorten = (path: string) => {
    const short = relative(folder, path).split(sep).join('/')
    return short.startsWith('.') ? short : `./${short}`
  }
  const named = <N extends Named>(value: N, table: AnyTable): N =>
    mapPaths(value, table[value.use]!.options, shorten) as N
  const written: Config = {
    ...config,
    plugins: config.plugins.map((name) => (isAbsolute(name) ? shorten(name) : name)),
    data: named(config.data, tables.datasets),
    network: named(config.network, tables.networks),
    augmentation: named(config.augmentation, tables.augmentations),
    set: named(config.set, tables.parameterizations),
    objective: named(config.objective, tables.objectives),
    games: config.games.map((game) => named(game, tables.games)),
    ...(config.experts && { experts: { ...config.experts, folder: shorten(config.experts.folder) } }),
  }
  return `${JSON.stringify(written, null, 2)}\n`
}
