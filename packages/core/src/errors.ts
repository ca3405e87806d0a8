/** The facts of an error of haba: its source, what was expected, what was received, and a hint. */
export interface HabaErrorFacts {
  readonly source: string
  readonly expected: string
  readonly received: string
  readonly hint: string
}

const mark = Symbol.for('haba.error')

/** The only error class. `HabaError.is` also recognizes errors of another installed copy of haba. */
export class HabaError extends Error {
  readonly facts: HabaErrorFacts
  readonly [mark] = true

  /** @param hint what to do; empty if it is obvious */
  constructor(source: string, expected: string, received: string, hint: string, options?: ErrorOptions) {
    super(`${source}: expected ${expected}, got ${received}. ${hint}`.trimEnd(), options)
    this.name = 'HabaError'
    this.facts = { source, expected, received, hint }
  }

  static is(error: unknown): error is HabaError {
    return typeof error === 'object' && error !== null && mark in error
  }
}
