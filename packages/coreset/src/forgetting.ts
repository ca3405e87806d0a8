import { checkArguments } from '@haba/core'
import type { Selection } from './selection.js'

/** Counts forgetting while a network trains. */
export interface ForgettingCounter {
  /** Records whether a sample was classified correctly when it was in a batch. */
  see(sample: number, correct: boolean): void
  /** Changes from correct to incorrect so far: `[samples]`. */
  readonly counts: Int32Array
}

/**
 * Forgetting events (Toneva et al., ICLR 2019): how often a sample that was classified correctly when it was in a batch is
 * not the next time. A sample starts as incorrect, so one that was never learned counts 0, as in the released code.
 */
export function forgettingCounter(samples: number): ForgettingCounter {
  const known = new Uint8Array(samples)
  const counts = new Int32Array(samples)
  return {
    counts,
    see(sample, correct) {
      if (known[sample] === 1 && !correct) counts[sample]!++
      known[sample] = correct ? 1 : 0
    },
  }
}

/** Images that were forgotten most often; equals in the order of the source. @param options.counts of the whole source */
export const forgetting = (options: { readonly counts: Int32Array }): Selection => {
  const { counts } = checkArguments('forgetting', options, { counts: 'integers' })
  return {
    name: 'forgetting',
    order: (_, members, count) =>
      Promise.resolve(
        // Sorting is stable.
        Int32Array.from([...members].sort((a, b) => counts[b]! - counts[a]!).slice(0, count)),
      ),
  }
}
