import type { OptionsSchema } from '@haba/core'
import type { AnyEntry, Tables } from '../plugins/tables.js'
import { configSchema } from './schema.js'

type Schema = Readonly<Record<string, unknown>>

const strict = (properties: Schema, required: readonly string[] = []) => ({
  type: 'object',
  properties,
  required,
  additionalProperties: false,
})

/** A name, or an object with that name after "use" and its options. @param more options that every name has there */
const named = (table: Readonly<Record<string, AnyEntry>>, more: Schema = {}): Schema => ({
  anyOf: [
    { enum: Object.keys(table).sort() },
    ...Object.entries(table).map(([name, { summary, options }]) => ({
      ...strict({ use: { const: name }, ...options.properties, ...more }, ['use', ...(options.required ?? [])]),
      description: summary,
    })),
  ],
})

/** The JSON Schema (draft 7) of configuration files, with every name that the tables hold: what editors complete and check. */
export function editorSchema(tables: Tables): Schema {
  const own = configSchema.properties as Readonly<Record<string, Schema>>
  const ref = (name: string) => ({ $ref: `#/definitions/${name}` })
  const [network, augmentation, mixing] = [ref('network'), ref('augmentation'), ref('mixing')]
  const set = own['set']!['properties'] as Schema
  const places: Readonly<Record<string, Schema>> = {
    engine: named(tables.engines),
    data: named(tables.datasets),
    network,
    augmentation,
    set: named(tables.parameterizations, { ...set, of: ref('set') }),
    objective: named(tables.objectives),
    games: { items: named(tables.games, { network }) },
    training: inSection(own['training']!, { augmentation, mixing }),
    evaluate: inSection(own['evaluate']!, { augmentation, mixing }),
    experts: inSection(own['experts']!, { augmentation }),
    compare: inSection(own['compare']!, { networks: { items: network } }),
  }
  const properties = Object.entries(own).map(([name, schema]) => {
    const { anyOf: _, properties: __, ...rest } = schema
    return [name, Object.hasOwn(places, name) ? { ...rest, ...places[name] } : schema]
  })
  return {
    $schema: 'http://json-schema.org/draft-07/schema#',
    title: 'A configuration of haba',
    ...strict({ $schema: { type: 'string' }, ...Object.fromEntries(properties) }, configSchema.required),
    definitions: {
      network: named(tables.networks),
      // A text may also be a strategy, such as color_crop_cutout.
      augmentation: { anyOf: [{ type: 'string' }, named(tables.augmentations)] },
      mixing: named(tables.mixings),
      set: named(tables.parameterizations),
    },
  }
}

/** A section with other schemas for some of its options. */
function inSection({ properties, ...section }: Schema, more: Readonly<Record<string, Schema>>): Schema {
  const own = properties as OptionsSchema['properties'] & Readonly<Record<string, Schema>>
  const changed = Object.entries(more).map(([name, schema]) => {
    const { anyOf: _, ...rest } = own[name]!
    return [name, { ...rest, ...schema }]
  })
  return { ...section, properties: { ...own, ...Object.fromEntries(changed) } }
}
