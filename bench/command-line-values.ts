import { HabaError } from '@haba/core'

/** Reads values of a command line; errors show the command's usage. */
export interface CommandLineValues {
  /** Things by name; `*` stands for any text. @throws HabaError where none has such a name */
  named<T extends { readonly name: string }>(pattern: string, known: readonly T[], examples: string): readonly T[]
  /** A whole number of at least 1. @throws HabaError for anything else */
  whole(text: string): number
  /** `90s`, `30m` or `8h` in seconds. @param text @default no limit @throws HabaError for anything else */
  seconds(text: string | undefined): number
}

/** Values of the command that errors name. @param usage the command with all of its options */
export function commandLineValues(command: string, usage: string): CommandLineValues {
  const refuse = (expected: string, got: string) => new HabaError(command, expected, `"${got}"`, usage)
  return {
    named(pattern, known, examples) {
      const expression = new RegExp(`^${pattern.replaceAll('*', '.*')}$`)
      const found = known.filter(({ name }) => expression.test(name))
      if (found.length === 0) throw refuse(`names or globs of ${known.length} cells, such as ${examples}`, pattern)
      return found
    },
    whole(text) {
      const value = Number(text)
      if (!Number.isSafeInteger(value) || value < 1) throw refuse('a whole number of at least 1', text)
      return value
    },
    seconds(text) {
      if (text === undefined) return Infinity
      const [, value, unit] = /^(\d+)([smh])$/.exec(text) ?? []
      if (value === undefined) throw refuse('a time such as 90s, 30m or 8h', text)
      return Number(value) * { s: 1, m: 60, h: 3600 }[unit as 's' | 'm' | 'h']
    },
  }
}
