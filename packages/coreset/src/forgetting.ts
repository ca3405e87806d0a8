import { checkArguments } from '@haba/core'
import type { Selection } from './selection.js'

/** Counts forgetting events while a network trains. */
export interface ForgettingCounter {
  /** Records whether a sample was classified correctly when it was in a batch. */
  see(sample: number, correct: boolean): void
  /** Changes from correct to incorrect so far: `[samples]`. */
  readonly counts: Int32Array
}

/**
 * Forgetting events (Toneva et al., ICLR 2019): how often a sample changes from correctly to incorrectly classified between two
 * of its batches. Samples start as incorrect, so one that is never learned counts 0, as in the released code.
 */
export function forgettingCounter(samples: number): ForgettingCounter {
  const wasCorrect = new Uint8Array(samples)
  const counts = new Int32Array(samples)
  return {
    counts,
    see(sample, correct) {
      if (wasCorrect[sample] === 1 && !correct) counts[sample]!++
      wasCorrect[sample] = correct ? 1 : 0
    },
  }
}

/** Selects images that were forgotten most often; ties in the order of the source. @param options.counts of the whole source */
export const forgetting = (options: { readonly counts: Int32Array }): Selection => {
  const { counts } = checkArguments('forgetting', options, { counts: 'integers' })
  return {
    name: 'forgetting',
    order: (_, members, count) =>
      Promise.resolve(
        // Sorting is stable, so ties keep their order.
        Int32Array.from([...members].sort((a, b) => counts[b]! - counts[a]!).slice(0, count)),
      ),
  }
}
