import { HabaError, parseJson, type AnyOptions, type OptionsSchema } from '@haba/core'
import { resolve } from 'node:path'
import { kinds, type AnyTable, type Tables } from '../plugins/tables.js'
import type { Named } from './config.js'
import type { JsonSchema } from './describe-schema.js'
import { newName } from './old-names.js'
import { placeName, type Place } from './place.js'
import { messageOf } from './read-file.js'
import { correction, validate } from './validate.js'

/**
 * What a configuration names, checked and completed: a name alone becomes `{ use: name, …defaults }`, and paths become
 * absolute.
 *
 * @param kind what the table holds, in the words of errors
 * @param folder what paths are relative to
 * @throws HabaError for an unknown name or options that are not right
 */
export function completeNamed(where: Place, value: unknown, table: AnyTable, kind: string, folder: string): Named {
  const { use: given, ...options }: AnyOptions = typeof value === 'object' ? { ...value } : { use: value }
  const names = Object.keys(table).sort()
  if (typeof given !== 'string')
    throw new HabaError(
      placeName(where),
      `"use" with the name of a ${kind}: ${names.join(', ')}`,
      given === undefined ? 'none' : JSON.stringify(given),
      `Write { "use": "${names[0] ?? '…'}" }.`,
    )
  const use = newName(where, given, names)
  const entry = Object.hasOwn(table, use) ? table[use] : undefined
  if (!entry) throw new HabaError(placeName(where), `one of ${names.join(', ')}`, `"${use}"`, correction(use, names))
  return { use, ...absolutePaths(validate(where, entry.options, options), entry.options, folder) }
}

/**
 * What an option of the command line names: a name, or JSON with options such as `{"use":"convnet","depth":4}`.
 *
 * @param option how it is called, such as `--network`
 * @throws HabaError as `completeNamed`, and for text that is no JSON
 */
export function namedInText(option: string, text: string, table: AnyTable, kind: string): Named {
  const where = { file: 'of the command line', path: option }
  let value: unknown = text
  if (text.trimStart().startsWith('{'))
    try {
      value = parseJson(text)
    } catch (cause) {
      throw new HabaError(option, 'a name, or JSON', text, messageOf(cause), { cause })
    }
  return completeNamed(where, value, table, kind, process.cwd())
}

/** Formats of options that are paths: what is read there, and what is written. */
const pathFormats = ['path', 'written-path'] as const

const isPath = (schema: JsonSchema | undefined, formats: readonly string[]) =>
  schema?.format !== undefined && formats.includes(schema.format)

/** Options that are a path, or a list of them. */
export const pathNames = (
  { properties }: OptionsSchema,
  formats: readonly string[] = pathFormats,
): readonly string[] => {
  const isOne = (schema: JsonSchema) => isPath(schema, formats) || isPath(schema.items, formats)
  return Object.keys(properties).filter((name) => isOne(properties[name]!))
}

/**
 * Options that the configuration of a run folder does not hold, nor is believed: places to write to, and folders of engines,
 * which hold programs.
 */
export const outsideNames = (kind: keyof Tables, schema: OptionsSchema): readonly string[] =>
  pathNames(schema, kind === 'engines' ? pathFormats : ['written-path'])

/** The same options with every path changed. */
export const mapPaths = (
  options: Readonly<Record<string, unknown>>,
  schema: OptionsSchema,
  change: (path: string) => string,
): Readonly<Record<string, unknown>> => ({
  ...options,
  ...Object.fromEntries(
    pathNames(schema)
      .filter((name) => options[name] !== undefined)
      .map((name) => {
        const value = options[name]
        return [name, Array.isArray(value) ? value.map((path) => change(String(path))) : change(String(value))]
      }),
  ),
})

const absolutePaths = (options: Readonly<Record<string, unknown>>, schema: OptionsSchema, folder: string) =>
  mapPaths(options, schema, (path) => resolve(folder, path))

/** The first path among a schema's options, such as a dataset's folder. */
export const firstPath = (schema: OptionsSchema): string | undefined => pathNames(schema)[0]

/** Networks by names with commas between them, or JSON each, as `--networks` takes them. */
export const namedNetworks = ({ tables }: { readonly tables: Tables }, texts: readonly string[]): readonly Named[] =>
  texts
    .flatMap((text) => (text.trimStart().startsWith('{') ? [text] : text.split(',')))
    .map((text) => namedInText('--networks', text.trim(), tables.networks, kinds.networks))
