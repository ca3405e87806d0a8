import { foldIn, permutation, uniform, type Mixing } from '@haba/core'
import type { MixOptions } from './cut-mix.js'
import { mixBatch, mixDraw, type MixDraw } from './mixing.js'
import { assertBetween } from './options.js'

/**
 * Averages every image and its target with those of another image (mixup; Zhang et al., ICLR 2018). The weight λ of the first
 * is uniform in `[0, 1)`, one for the whole batch.
 *
 * @param options.probability @default 1
 */
export function mixUp({ probability = 1 }: MixOptions = {}): Mixing<MixDraw> {
  assertBetween('mixUp', 'probability', probability, 0, 1)
  return {
    name: 'mixup',
    draw: (key, rows) => {
      const drawn = uniform(foldIn(key, 'lambda'), 2)
      return mixUpDraw(drawn[0]! < probability ? drawn[1]! : 1, permutation(foldIn(key, 'partner'), rows))
    },
    apply: mixBatch,
  }
}

/** The draw for a given weight `lambda` and partners. */
export const mixUpDraw = (lambda: number, partner: ArrayLike<number>): MixDraw =>
  mixDraw(partner, Float32Array.of(lambda), [1, 1], lambda)
