import type { OptionsSchema } from '@haba/core'
import type { AnyEntry, Tables } from '../plugins/tables.js'
import { isRecord, type JsonSchema } from './describe-schema.js'
import { configSchema } from './schema.js'

type Schema = Readonly<Record<string, unknown>>

const options: OptionsSchema = configSchema

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
  const own: Readonly<Record<string, JsonSchema>> = options.properties
  const ref = (name: string) => ({ $ref: `#/definitions/${name}` })
  const [network, augmentation, mixing] = [ref('network'), ref('augmentation'), ref('mixing')]
  const { properties: set } = own['set']!
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
  const whole = {
    ...strict({ $schema: { type: 'string' }, ...Object.fromEntries(properties) }, options.required),
    definitions: {
      network: named(tables.networks),
      // A text may also be a strategy, such as color_crop_cutout.
      augmentation: { anyOf: [{ type: 'string' }, named(tables.augmentations)] },
      mixing: named(tables.mixings),
      set: named(tables.parameterizations),
    },
  }
  const title = 'A configuration of haba'
  return { $schema: 'http://json-schema.org/draft-07/schema#', title, ...leavingDefaultsOut(whole) }
}

/** Files need not say what has a default, which is there once options are validated. */
function leavingDefaultsOut(schema: Schema): Schema {
  const { properties, required } = schema
  const inner = (member: unknown): unknown =>
    Array.isArray(member) ? member.map(inner) : isRecord(member) ? leavingDefaultsOut(member) : member
  const hasDefault = (name: unknown) => {
    const property = isRecord(properties) && typeof name === 'string' ? properties[name] : undefined
    return isRecord(property) && property['default'] !== undefined
  }
  return {
    ...Object.fromEntries(Object.entries(schema).map(([name, member]) => [name, inner(member)])),
    ...(Array.isArray(required) && { required: required.filter((name) => !hasDefault(name)) }),
  }
}

/** A section with other schemas for some of its options. */
function inSection({ properties = {}, ...section }: JsonSchema, more: Readonly<Record<string, Schema>>): Schema {
  const changed = Object.entries(more).map(([name, schema]) => {
    const { anyOf: _, ...rest } = properties[name]!
    return [name, { ...rest, ...schema }]
  })
  return { ...section, properties: { ...properties, ...Object.fromEntries(changed) } }
}
