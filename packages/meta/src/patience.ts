/** A moving sum of errors, and the steps since its minimum. */
export type Patience = {
  /** The last errors, at most `window`, oldest first. */
  readonly errors: readonly number[]
  /** Steps of the current learner. */
  readonly steps: number
  readonly lowest: number
  readonly sinceLowest: number
}

/** Before the first error. */
export const freshPatience: Patience = { errors: [], steps: 0, lowest: Infinity, sinceLowest: 0 }

/**
 * Adds an error. Returns undefined if the sum of the last `window` errors has not reached a new minimum for more than `window`
 * steps; then the learner is replaced (label distillation's released code, with a window of 50 steps).
 */
export function wait({ errors, steps, lowest, sinceLowest }: Patience, error: number, window: number) {
  const last = [...errors, error].slice(-window)
  const next = { errors: last, steps: steps + 1 }
  const total = last.reduce((sum, e) => sum + e, 0)
  if (last.length < window || total < lowest)
    return { ...next, lowest: last.length < window ? Infinity : total, sinceLowest: 0 }
  return sinceLowest < window ? { ...next, lowest, sinceLowest: sinceLowest + 1 } : undefined
}
