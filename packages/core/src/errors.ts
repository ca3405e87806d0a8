/** What every error of haba says: who speaks, what was expected, what came, what to do. */
export interface HabaErrorFacts {
  readonly who: string
  readonly expected: string
  readonly got: string
  readonly todo: string
}

const mark = Symbol.for('haba.error')

/** The only error class; `HabaError.is` also recognises errors of another installed copy. */
export class HabaError extends Error {
  readonly facts: HabaErrorFacts
  readonly [mark] = true

  constructor(who: string, expected: string, got: string, todo: string, options?: ErrorOptions) {
    super(`${who}: expected ${expected}, got ${got}. ${todo}`, options)
    this.name = 'HabaError'
    this.facts = { who, expected, got, todo }
  }

  static is(error: unknown): error is HabaError {
    return typeof error === 'object' && error !== null && mark in error
  }
}
