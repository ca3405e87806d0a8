import type { AnyEntry, Tables } from '../plugins/tables.js'
import type { JsonSchema } from './describe-schema.js'
import { configSchema } from './schema.js'

type Table = Readonly<Record<string, AnyEntry>>

const whole: object = configSchema

/**
 * The JSON Schema (draft 7) of configuration files, for editors: with the options of every name in the tables, and without asking for
 * what has a default.
 */
export function editorSchema(tables: Tables): object {
  const mapped = (schema: JsonSchema): JsonSchema => {
    const { kind, properties, required, items, additionalProperties: rest, ...own } = schema
    const inner = properties && mapValues(properties, mapped)
    if (kind) return { ...own, anyOf: inner ? choices(tables[kind], inner) : [{ $ref: `#/definitions/${kind}` }] }
    return {
      ...own,
      ...(inner && { properties: inner }),
      ...(required && { required: required.filter((name) => properties?.[name]?.default === undefined) }),
      ...(items && { items: mapped(items) }),
      ...(rest !== undefined && { additionalProperties: typeof rest === 'object' ? mapped(rest) : rest }),
    }
  }
  /** A name, or an object with that name after "use" and its options. @param more options besides */
  const choices = (table: Table, more: JsonSchema['properties'] = {}): readonly JsonSchema[] => [
    { enum: Object.keys(table).sort() },
    ...Object.entries(table).map(([name, { summary, options }]) => {
      const { properties, required = [] } = mapped(options)
      return {
        type: 'object',
        description: summary,
        properties: { use: { enum: [name] }, ...properties, ...more },
        required: ['use', ...required],
        additionalProperties: false,
      }
    }),
  ]
  const { properties, ...rest } = mapped(whole)
  const definitions = mapValues<Table, JsonSchema>(tables, (table) => ({ anyOf: choices(table) }))
  return {
    $schema: 'http://json-schema.org/draft-07/schema#',
    title: 'A configuration of haba',
    ...rest,
    properties: { $schema: { type: 'string' }, ...properties },
    additionalProperties: false,
    // A text may also be a strategy, such as color_crop_cutout.
    definitions: { ...definitions, augmentations: { anyOf: [{ type: 'string' }, ...choices(tables.augmentations)] } },
  }
}

const mapValues = <Value, Result>(
  from: Readonly<Record<string, Value>>,
  map: (value: Value) => Result,
): Readonly<Record<string, Result>> =>
  Object.fromEntries(Object.entries(from).map(([name, value]) => [name, map(value)]))
