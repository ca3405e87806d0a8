import { HabaError, type AnyOptions, type OptionsSchema } from '@haba/core'
import type { Static, TObject } from '@haba/core/options'
import { Ajv, type ErrorObject, type ValidateFunction } from 'ajv'
import { closest, distance } from 'fastest-levenshtein'
import { article, describeSchema, shown, type JsonSchema } from './describe-schema.js'
import { withNewNames } from './old-names.js'
import { inside, placeName, type Place } from './place.js'

const ajv = new Ajv({
  useDefaults: true,
  verbose: true,
  strictTypes: false,
  strictRequired: false,
  allowUnionTypes: true,
})
// Says which table a name is from.
ajv.addKeyword('kind')
// Paths are resolved where the file is known; any text is one.
for (const format of ['path', 'written-path']) ajv.addFormat(format, true)

/**
 * A copy of `value` with all defaults in place, and with the names of today.
 *
 * @param where the file, and the path inside it that `value` is at
 * @throws HabaError naming the first option that is unknown, missing or out of range
 */
export function validate<Schema extends TObject>(where: Place, schema: Schema, value: unknown): Static<Schema>
export function validate(where: Place, schema: OptionsSchema, value: unknown): AnyOptions
export function validate(where: Place, schema: OptionsSchema, value: unknown): unknown {
  const check = validatorOf(schema)
  const copy = withNewNames(where, schema, structuredClone(value))
  if (check(copy)) return copy
  // Of an `anyOf`, the errors of its branches come first and its own last.
  throw complaint(where, check.errors!.at(-1)!)
}

const validators = new WeakMap<OptionsSchema, ValidateFunction>()

/** Compiling a schema takes longer than a configuration's reading, so it is done once. */
function validatorOf(schema: OptionsSchema): ValidateFunction {
  const known = validators.get(schema)
  if (known) return known
  const made = ajv.compile({ ...schema, additionalProperties: false })
  validators.set(schema, made)
  return made
}

function complaint(where: Place, error: ErrorObject): HabaError {
  const at = error.instancePath
    .split('/')
    .slice(1)
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'))
    .reduce((place, part) => inside(place, /^\d+$/.test(part) ? Number(part) : part), where)
  // Ajv's type of it names no keyword.
  const schema = error.parentSchema as JsonSchema
  const fail = (place: Place, expected: string, got: string, todo: string) =>
    new HabaError(placeName(place), expected, got, todo)
  if (error.keyword === 'additionalProperties') {
    const name: string = error.params.additionalProperty
    const known = Object.keys(schema.properties ?? {}).sort()
    return fail(
      at,
      known.length ? `options of ${known.join(', ')}` : 'no options',
      `"${name}"`,
      correction(name, known),
    )
  }
  if (error.keyword === 'required') {
    const name: string = error.params.missingProperty
    const missing = schema.properties?.[name] ?? {}
    return fail(inside(at, name), article(describeSchema(missing)), 'nothing', `Add it${explained(missing)}`)
  }
  const got = shown(error.data)
  const choices = (schema.enum ?? []).map(String)
  const todo =
    typeof error.data === 'string' && choices.length > 0
      ? correction(error.data, choices)
      : schema.description === undefined
        ? ''
        : `Meaning${explained(schema)}`
  return fail(at, article(describeSchema(schema, error.data)), got, todo)
}

/** What to do about a name that is none. */
export function correction(name: string, known: readonly string[]): string {
  const meant = nearest(name, known)
  return meant === undefined ? 'Remove it, or see `haba options`.' : `Did you mean "${meant}"?`
}

/** The known name that someone probably meant; undefined where none is near. */
function nearest(name: string, known: readonly string[]): string | undefined {
  if (known.length === 0) return undefined
  const bare = (text: string) => text.toLowerCase().replaceAll(/[-_ ]/g, '')
  const found = closest(
    bare(name),
    known.map((one) => bare(one)),
  )
  return distance(bare(name), found) <= Math.max(2, name.length / 3)
    ? known.find((one) => bare(one) === found)
    : undefined
}

const explained = ({ description, default: byDefault }: JsonSchema) =>
  (description === undefined ? '' : `: ${description}`) +
  (byDefault === undefined ? '.' : ` (default ${shown(byDefault)}).`)
