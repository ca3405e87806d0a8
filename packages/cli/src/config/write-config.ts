import { isAbsolute, relative, sep } from 'node:path'
import type { Tables } from '../plugins/tables.js'
import type { Config, Named } from './config.js'
import { mapPaths, outsideNames } from './named.js'

/** A configuration as a run folder holds it: without places to write to and folders of engines, every other path changed. */
export function withPaths(config: Config, tables: Tables, change: (path: string) => string): Config {
  const named = (value: Named, kind: keyof Tables): Named => {
    const { options } = tables[kind][value.use]!
    const outside = outsideNames(kind, options)
    const kept = Object.fromEntries(Object.entries(value).filter(([name]) => !outside.includes(name)))
    return { use: value.use, ...mapPaths(kept, options, change) }
  }
  return {
    ...config,
    plugins: config.plugins.map((name) => (isAbsolute(name) ? change(name) : name)),
    engine: named(config.engine, 'engines'),
    data: named(config.data, 'datasets'),
    network: named(config.network, 'networks'),
    augmentation: named(config.augmentation, 'augmentations'),
    set: named(config.set, 'parameterizations'),
    objective: named(config.objective, 'objectives'),
    games: config.games.map((game) => named(game, 'games')),
    ...(config.experts && { experts: { ...config.experts, folder: change(config.experts.folder) } }),
  }
}

/**
 * A configuration as the text of a file in `folder`, complete, with paths relative to it: the file can be run again, and
 * says the same in every folder of equal depth. Read again and written again it is the same text.
 */
export function configText(config: Config, tables: Tables, folder: string): string {
  const shorten = (path: string) => {
    const short = relative(folder, path).split(sep).join('/')
    return short.startsWith('.') ? short : `./${short}`
  }
  return `${JSON.stringify(withPaths(config, tables, shorten), null, 2)}\n`
}
