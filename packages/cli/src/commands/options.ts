import { HabaError, type OptionsSchema } from '@haba/core'
import { describeSchema, shown, type JsonSchema } from '../config/describe-schema.js'
import { configSchema } from '../config/schema.js'
import { correction } from '../config/validate.js'
import { loadPlugins, locatePlugins } from '../plugins/load-plugins.js'
import { kinds, mergeTables, type AnyEntry, type Tables } from '../plugins/tables.js'
import type { Terminal } from '../tell/progress.js'

/** The option of a configuration that names an entry of each table. */
const keys: Readonly<Record<keyof Tables, string>> = {
  datasets: '"data"',
  networks: '"network", and the "network" of a game',
  augmentations: '"augmentation"',
  mixings: '"mixing" of "training"',
  parameterizations: '"set"',
  objectives: '"objective"',
  games: '"games"',
  engines: '"engine"',
}

const whole: OptionsSchema = configSchema

/** `haba options`: the options of configurations and of each name, from the schemas. */
export async function optionsCommand(
  name: string | undefined,
  plugins: readonly string[],
  { out }: Terminal,
): Promise<void> {
  const tables = mergeTables(await loadPlugins(locatePlugins(plugins, process.cwd())))
  const print = (lines: readonly string[]) => out.write(`${lines.join('\n')}\n`)
  if (name === undefined) return void print(overview(tables))
  const found = entriesOf(tables).filter((entry) => entry.name === name)
  const section: JsonSchema | undefined = whole.properties[name]
  if (found.length === 0 && section === undefined) {
    const names = [...entriesOf(tables).map((entry) => entry.name), ...Object.keys(whole.properties)]
    throw new HabaError('haba options', 'a name that configurations use', `"${name}"`, correction(name, names))
  }
  print([
    ...(section ? [`${name}: ${describeOption(section)}`, ...optionLines(section), ''] : []),
    ...found.flatMap(({ kind, entry }) => [
      `${name} (${kinds[kind]}, named in ${keys[kind]}): ${entry.summary}`,
      ...optionLines(entry.options),
      '',
    ]),
  ])
}

interface Found {
  readonly kind: keyof Tables
  readonly name: string
  readonly entry: AnyEntry
}

const entriesOf = (tables: Tables): readonly Found[] =>
  (Object.keys(kinds) as (keyof Tables)[]).flatMap((kind) =>
    Object.entries(tables[kind]).map(([name, entry]) => ({ kind, name, entry })),
  )

function overview(tables: Tables): readonly string[] {
  const all = entriesOf(tables)
  return [
    'A configuration is a JSON file. It names a component by "name", or by { "use": "name", …options }.',
    'Paths are relative to the file. A star marks required options.',
    '',
    ...optionLines(whole),
    ...(Object.keys(kinds) as (keyof Tables)[]).flatMap((kind) => [
      '',
      `Names for ${keys[kind]}:`,
      ...columns(all.filter((found) => found.kind === kind).map(({ name, entry }) => [name, entry.summary])),
    ]),
    '',
    '`haba options NAME` lists the options of one name, or of a section such as evaluate.',
  ]
}

function optionLines(schema: JsonSchema): readonly string[] {
  const lines = flatOptions(schema)
  return lines.length === 0 && schema.type === 'object' ? ['  (no options)'] : columns(lines)
}

/** Options and nested options by dotted names; a star marks required ones. */
function flatOptions(schema: JsonSchema, prefix = ''): readonly (readonly [string, string])[] {
  const required = new Set(schema.required ?? [])
  const inner = Object.entries(schema.properties ?? {}).flatMap(([name, option]) => {
    const star = required.has(name) && option.default === undefined ? ' *' : ''
    const line = [`${prefix}${name}${star}`, describeOption(option)] as const
    // Sections of the file have their own pages.
    return prefix === '' && schema === whole ? [line] : [line, ...flatOptions(option, `${prefix}${name}.`)]
  })
  const parts = schema.additionalProperties
  return typeof parts === 'object' ? [...inner, ...flatOptions(parts, `${prefix}PART.`)] : inner
}

const isNamed = ({ anyOf = [] }: JsonSchema) =>
  anyOf.length === 2 && anyOf[0]!.type === 'string' && anyOf[1]!.type === 'object'
const isSection = ({ type, properties }: JsonSchema) => type === 'object' && properties !== undefined
const kindOf = (option: JsonSchema): string | undefined =>
  isNamed(option) ? '[name]' : isSection(option) ? undefined : `[${describeSchema(option)}]`

function describeOption(option: JsonSchema): string {
  const { description, default: byDefault } = option
  const simple = byDefault !== undefined && typeof byDefault !== 'object'
  return [
    description,
    kindOf(option),
    simple || (Array.isArray(byDefault) && byDefault.length > 0) ? `default ${shown(byDefault)}` : undefined,
  ]
    .filter((part) => part !== undefined)
    .join(' ')
}

function columns(lines: readonly (readonly [string, string])[]): readonly string[] {
  const width = Math.max(0, ...lines.map(([name]) => name.length))
  return lines.map(([name, text]) => `  ${name.padEnd(width)}  ${text}`)
}
