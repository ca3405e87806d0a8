import type { Tables } from '../plugins/tables.js'

/** The parts of JSON Schema that option tables use. */
export interface JsonSchema {
  readonly type?: string
  readonly enum?: readonly unknown[]
  readonly $ref?: string
  readonly anyOf?: readonly JsonSchema[]
  readonly items?: JsonSchema
  readonly properties?: Readonly<Record<string, JsonSchema>>
  readonly required?: readonly string[]
  readonly additionalProperties?: boolean | JsonSchema
  readonly minimum?: number
  readonly exclusiveMinimum?: number
  readonly maximum?: number
  readonly exclusiveMaximum?: number
  readonly minItems?: number
  readonly maxItems?: number
  readonly pattern?: string
  readonly format?: string
  readonly default?: unknown
  readonly description?: string
  /** The table of the plugins that a name is looked up in. */
  readonly kind?: keyof Tables
}

/** Whether a value is an object with members, such as JSON's. */
export const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const nouns: Readonly<Record<string, string>> = {
  integer: 'whole number',
  number: 'number',
  string: 'text',
  boolean: 'true or false',
  array: 'list',
  object: 'object',
}

/**
 * What a value must be, in words: `whole number of at least 1`.
 *
 * @param got a value that is not one: alternatives of another type are left out
 */
export function describeSchema(schema: JsonSchema, got?: unknown): string {
  if (schema.enum) return schema.enum.map((value) => shown(value)).join(schema.enum.length === 2 ? ' or ' : ', ')
  if (schema.anyOf) {
    const near = schema.anyOf.filter((branch) => branch.type !== undefined && admits(branch.type, got))
    return (near.length > 0 ? near : schema.anyOf).map((branch) => describeSchema(branch, got)).join(', or ')
  }
  if (schema.format === 'path' || schema.format === 'written-path') return 'path'
  const noun = nouns[schema.type ?? ''] ?? 'value'
  if (schema.type === 'array') {
    const length = schema.minItems !== undefined && schema.minItems === schema.maxItems ? ` of ${schema.minItems}` : ''
    return schema.items ? `list${length}, each ${article(describeSchema(schema.items))}` : `list${length}`
  }
  return [noun, ...bounds(schema, got)].join(' ')
}

/** Bounds that only a slip exceeds, and which are told only then. */
const SLIP = 1e9

function bounds(schema: JsonSchema, got: unknown): readonly string[] {
  const { minimum, exclusiveMinimum, maximum, exclusiveMaximum, pattern } = schema
  const told = maximum !== undefined && (maximum < SLIP || (typeof got === 'number' && got > maximum))
  const most = told ? `at most ${maximum}` : undefined
  const parts = [
    minimum === undefined ? undefined : `at least ${minimum}`,
    exclusiveMinimum === undefined ? undefined : `more than ${exclusiveMinimum}`,
    most,
    exclusiveMaximum === undefined ? undefined : `less than ${exclusiveMaximum}`,
  ].filter((part) => part !== undefined)
  return [...(parts.length > 0 ? [`of ${parts.join(' and ')}`] : []), ...(pattern ? [`matching ${pattern}`] : [])]
}

const admits = (type: string, value: unknown): boolean =>
  type === 'array'
    ? Array.isArray(value)
    : type === 'integer' || type === 'number'
      ? typeof value === 'number'
      : type === 'object'
        ? isRecord(value)
        : typeof value === type

/** With its article, where it is a thing. */
export const article = (text: string): string =>
  /^(whole|number|list|path|value)/.test(text) ? `a ${text}` : /^object/.test(text) ? `an ${text}` : text

/** A value as errors and help show it. */
export function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? 'nothing'
  return text.length > 60 ? `${text.slice(0, 57)}…` : text
}
