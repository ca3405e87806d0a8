import { HabaError, parseJson } from '@haba/core'
import { isRecord } from './describe-schema.js'

/**
 * Sets options of a configuration, such as `objective.views=all` or `games[0].network=mlp`. A value is parsed as JSON; if that fails,
 * it is a text. A name becomes `{ "use": name }` when one of its options is set.
 *
 * @throws HabaError for an invalid assignment, and for a position beyond the end of a list
 */
export const assigned = (config: unknown, assignments: readonly string[]): unknown =>
  assignments.reduce((value, text) => {
    const [, path, to] = /^([^=]+)=(.*)$/s.exec(text) ?? []
    const names = path?.match(/^[\w$-]+(?:\.[\w$-]+|\[\d+\])*$/) ? path.match(/[\w$-]+/g)! : undefined
    if (!names || to === undefined)
      throw new HabaError('--set', 'OPTION=VALUE, such as objective.views=all', text, 'See `haba options` for names.')
    return withValue(value, names, valueOf(to), text)
  }, config)

function valueOf(text: string): unknown {
  try {
    return parseJson(text)
  } catch {
    return text
  }
}

function withValue(at: unknown, [name, ...rest]: readonly string[], value: unknown, text: string): unknown {
  if (name === undefined) return value
  if (Array.isArray(at)) {
    const index = Number(name)
    if (!Number.isInteger(index) || index > at.length)
      throw new HabaError('--set', `a place from 0 to ${at.length} of the list`, text, 'Count from 0.')
    return at.toSpliced(index, 1, withValue(at[index], rest, value, text))
  }
  const own: Readonly<Record<string, unknown>> = typeof at === 'string' ? { use: at } : isRecord(at) ? at : {}
  return { ...own, [name]: withValue(own[name], rest, value, text) }
}
