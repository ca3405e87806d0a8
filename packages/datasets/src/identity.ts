import type { Preprocessing } from '@haba/core'

/** The identity: pixels in `[0, 1]`. */
export function identity(): Preprocessing {
  return { name: 'identity', settings: {}, apply: (pixels) => pixels.slice(), invert: (values) => values.slice() }
}
