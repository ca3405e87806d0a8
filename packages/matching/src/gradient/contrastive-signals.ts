import type { Rank } from '@tensorflow/tfjs-core'
import {
  checkCount,
  checkArguments,
  add,
  concat,
  mapTree,
  mul,
  stopGradient,
  type None,
  type SumObjective,
} from '@haba/core'
import type { Carried } from './carried-network.js'
import { joined } from '../class-batch.js'
import { layerwiseCosine } from './gradient-distance.js'
import { gradientMatching, type GradientMatchingOptions, type LabeledBatch } from './gradient-matching.js'
import { gradientUnder, type MatchedNetwork } from './network-gradient.js'
import { switched, widened } from '../switched.js'

/** When the classes' gradients start to be summed before they are compared. */
export interface WarmUps {
  /** Networks before, or … @default 250 */
  readonly networks: number
  /** … steps of the set under the present network. @default 10 */
  readonly turns: number
}

/** As in DCC's released code (`outer_warmup`, `inner_warmup`). */
export const dccWarmUps: WarmUps = { networks: 250, turns: 10 }

/** Whether the gradients of all classes are summed in a step. */
export const summed = (warmUps: WarmUps, { networks, turn }: Pick<Carried, 'networks' | 'turn'>): boolean =>
  networks >= warmUps.networks || turn >= warmUps.turns

/** Options of `contrastiveSignals`. */
export interface ContrastiveSignalsOptions extends GradientMatchingOptions {
  /** @default dccWarmUps */
  readonly warmUps?: WarmUps
}

/** A class alone, or all of them. */
export type Signal = LabeledBatch | { readonly classes: readonly LabeledBatch[] }

/**
 * Dataset condensation with contrastive signals (DCC, and DSAC with an augmentation; Lee et al., ICML 2022): after a
 * warm-up of plain DC, the gradients of all classes are summed first and compared once, so that the set learns what
 * distinguishes classes. The real gradient is the mean over classes of each class's, the synthetic one that of all
 * synthetic images. Until then an item is a class; then there is one item, and its memory grows with the number of
 * classes. Every class has its own draw, with its own operation (`DiffAugment` with a seed a class in the released
 * code).
 *
 * @throws HabaError for counts below 1, warm-ups below 0
 */
export function contrastiveSignals(
  given: ContrastiveSignalsOptions,
): SumObjective<MatchedNetwork, Signal, None, Carried> {
  const { warmUps = dccWarmUps, ...options } = checkArguments('contrastiveSignals', given, {
    network: 'network',
    augmentation: 'augmentation?',
  })
  const who = 'contrastiveSignals'
  checkCount(who, 'warmUps.networks', warmUps.networks, 0)
  checkCount(who, 'warmUps.turns', warmUps.turns, 0)
  const { network, augmentation, distance = layerwiseCosine } = options
  const classWise = gradientMatching(options)
  const changed = augmentation && switched(augmentation)
  return {
    ...classWise,
    name: augmentation ? 'contrastive signals, siamese' : 'contrastive signals',
    async draw(key, from) {
      const { common, items } = await classWise.draw(key, from)
      if (!summed(warmUps, from.state)) return { common, items }
      return { common, items: [{ classes: widened(items, changed, from.layout.image) }] }
    },
    term(set, params, common, item) {
      if (!('classes' in item)) return classWise.term(set, params, common, item)
      const gradient = gradientUnder(network, common)
      const real = item.classes
        .map((batch) => gradient({ images: joined([batch.real], [batch], changed), targets: batch.targets }))
        .reduce((all, one) => mapTree((a, b) => add(a, b), all, one))
      const rendered = item.classes.map(({ rows }) => set.render(rows))
      const images = rendered.map((batch) => batch.images)
      const targets = rendered.map((batch) => batch.targets)
      const synthetic = gradient({
        images: joined(images, item.classes, changed),
        targets: concat<Rank.R2>(targets, 0),
      })
      return distance(
        mapTree((g) => stopGradient(mul(g, 1 / item.classes.length)), real),
        synthetic,
      )
    },
  }
}
