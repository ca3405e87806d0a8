import { isRecord, shown, type JsonSchema } from './describe-schema.js'
import { inside, type Place } from './place.js'
import type { ReadConfig } from './read-config.js'
import { configSchema } from './schema.js'

/** An option in effect. */
export interface Explained {
  /** Such as `set.basesPerClass`. */
  readonly path: string
  /** As JSON, cut if it is long. */
  readonly value: string
  /** Whether the file leaves it out. */
  readonly isDefault: boolean
  readonly meaning: string
}

/** Lists every option in effect, in the order of the file, with its description from the schemas. */
export function explained({ config, given, tables }: ReadConfig): readonly Explained[] {
  const lines: Explained[] = []
  const visit = (where: Place, value: unknown, said: unknown, schema: JsonSchema | undefined): void => {
    const { path } = where
    if (Array.isArray(value) && value.some((one) => typeof one === 'object')) {
      const each: readonly unknown[] = Array.isArray(said) ? said : []
      return value.forEach((one, i) => visit(inside(where, i), one, each[i], schema?.items))
    }
    if (!isRecord(value)) {
      const meaning = schema?.description ?? ''
      return void lines.push({ path, value: shown(value), isDefault: said === undefined, meaning })
    }
    const { use, ...options } = value
    const entry = schema?.kind && typeof use === 'string' ? tables[schema.kind][use] : undefined
    if (entry)
      lines.push({
        path,
        value: shown(use),
        isDefault: said === undefined,
        meaning: `${schema?.description ?? ''}: ${entry.summary}`,
      })
    const own = isRecord(said) ? said : {}
    const parts = typeof schema?.additionalProperties === 'object' ? schema.additionalProperties : undefined
    for (const [name, member] of Object.entries(entry ? options : value))
      visit(
        inside(where, name),
        member,
        own[name],
        entry?.options.properties[name] ?? schema?.properties?.[name] ?? parts,
      )
  }
  const whole: object = configSchema
  visit({ file: '', path: '' }, config, given, whole)
  return lines
}
