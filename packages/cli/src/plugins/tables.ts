import { plugin as augment } from '@haba/augment/plugin'
import { HabaError, type Plugin, type PluginEntry, type PluginTable } from '@haba/core'
import { plugin as datasets } from '@haba/datasets/plugin'
import { plugin as hallucinator } from '@haba/hallucinator/plugin'
import { plugin as matching } from '@haba/matching/plugin'
import { plugin as meta } from '@haba/meta/plugin'
import { plugin as networks } from '@haba/networks/plugin'
import { plugin as sets } from '@haba/sets/plugin'
import { corePlugin } from './core-plugin.js'
import { engines } from './engines.js'

/** Everything that configuration files can name. */
export type Tables = Required<Plugin> & { readonly engines: typeof engines }

/** What each table holds, in the words of errors and help. */
export const kinds = {
  datasets: 'dataset',
  networks: 'network',
  augmentations: 'augmentation',
  mixings: 'mixing',
  parameterizations: 'set',
  objectives: 'objective',
  games: 'game',
  engines: 'engine',
} as const satisfies Record<keyof Tables, string>

const builtIn: Readonly<Record<string, Plugin>> = {
  '@haba/core': corePlugin,
  '@haba/augment': augment,
  '@haba/datasets': datasets,
  '@haba/hallucinator': hallucinator,
  '@haba/matching': matching,
  '@haba/meta': meta,
  '@haba/networks': networks,
  '@haba/sets': sets,
}

/**
 * The tables of all plugins together.
 *
 * @param extra further plugins by where they come from
 * @throws HabaError where two plugins claim one name
 */
export function mergeTables(extra: ReadonlyMap<string, Plugin> = new Map()): Tables {
  const plugins = [...Object.entries(builtIn), ...extra]
  const merged = <Entry>(
    kind: keyof Plugin,
    tableOf: (plugin: Plugin) => Readonly<Record<string, Entry>> | undefined,
  ): Readonly<Record<string, Entry>> => {
    const owners = new Map<string, string>()
    const table: Record<string, Entry> = {}
    for (const [owner, plugin] of plugins)
      for (const [name, entry] of Object.entries(tableOf(plugin) ?? {})) {
        const first = owners.get(name)
        if (first !== undefined)
          throw new HabaError(
            `plugin ${owner}`,
            `names that no other plugin has`,
            `${kinds[kind]} "${name}", which ${first} has too`,
            'Rename it in the plugin, or leave one of the two out.',
          )
        owners.set(name, owner)
        table[name] = entry
      }
    return table
  }
  return {
    datasets: merged('datasets', (plugin) => plugin.datasets),
    networks: merged('networks', (plugin) => plugin.networks),
    augmentations: merged('augmentations', (plugin) => plugin.augmentations),
    mixings: merged('mixings', (plugin) => plugin.mixings),
    parameterizations: merged('parameterizations', (plugin) => plugin.parameterizations),
    objectives: merged('objectives', (plugin) => plugin.objectives),
    games: merged('games', (plugin) => plugin.games),
    engines,
  }
}

/** A table whose entries' types do not matter. */
export type AnyTable = PluginTable<never, unknown>
export type AnyEntry = PluginEntry<never, unknown>
