import type { Tensor2D, Tensor4D } from '@tensorflow/tfjs-core'
import {
  oneHotRows,
  checkCount,
  checkArguments,
  disposeOnThrow,
  mapTree,
  stopGradient,
  tensor,
  type Augmentation,
  type Network,
  type None,
  type SumObjective,
  type ViewCount,
} from '@haba/core'
import { carriedNetwork, type Carried, type Practice } from './carried-network.js'
import { checkViews } from '../check.js'
import { drawClasses, type ClassBatch } from '../class-batch.js'
import { layerwiseCosine, type GradientDistance } from './gradient-distance.js'
import type { Loops } from './loops.js'
import { drawStatistics, gradientUnder, type MatchedNetwork } from './network-gradient.js'
import { practiceOnSet } from './practice.js'

/** Options of `gradientMatching`. */
export interface GradientMatchingOptions {
  readonly network: Network
  /** @default layerwiseCosine */
  readonly distance?: GradientDistance
  /** Siamese, one draw a class: with it DC becomes DSA (Zhao and Bilen, ICML 2021). Also used when the network trains. */
  readonly augmentation?: Augmentation
  /** @default { outer: 1, inner: 1 } */
  readonly loops?: Loops
  /** Real images a class. @default 256 */
  readonly realPerClass?: number
  /** Rate of the network's own training. @default 0.01 */
  readonly networkRate?: number
  /** Batch of the network's own training. @default 256 */
  readonly networkBatch?: number
  /**
   * Views of a class's slots that a step sees: all, or so many distinct ones. With fewer than all, the loss has a term that
   * pulls the views of a basis onto each other: the variance between views, times `(views left out) / (n · (all - 1))`.
   * @default 'all'
   */
  readonly views?: ViewCount
  /** Most slots of a class under these views, drawn at random in each step. @default all */
  readonly syntheticPerClass?: number
  /** How the network trains between matchings. @default on the set, `loops.inner` epochs of plain SGD */
  readonly practice?: Practice
}

/** A class's batch with the targets of its real images, `[images, classes]`. */
export type LabeledBatch = ClassBatch & { readonly targets: Tensor2D }

/**
 * Gradient matching (DC; Zhao et al., ICLR 2021, algorithm 1): the gradient that a class of the set gives a network
 * approaches that of real images. An item is a class; a step is one turn of the outer loop, and the network is trained on
 * the set between turns and replaced after the last. A network with batch normalization is matched with running
 * statistics that a batch of all classes moved, as published.
 *
 * @throws HabaError for counts below 1
 */
export function gradientMatching(
  options: GradientMatchingOptions,
): SumObjective<MatchedNetwork, LabeledBatch, None, Carried> {
  const {
    network,
    distance = layerwiseCosine,
    augmentation,
    loops = { outer: 1, inner: 1 },
    realPerClass = 256,
    networkRate = 0.01,
    networkBatch = 256,
    views = 'all',
    syntheticPerClass,
    practice = practiceOnSet({ epochs: loops.inner, learningRate: networkRate, batch: networkBatch, augmentation }),
  } = checkArguments('gradientMatching', options, { network: 'network', augmentation: 'augmentation?' })
  const who = 'gradientMatching'
  checkCount(who, 'loops.outer', loops.outer)
  checkCount(who, 'loops.inner', loops.inner, 0)
  checkCount(who, 'realPerClass', realPerClass)
  checkViews(who, views)
  if (syntheticPerClass !== undefined) checkCount(who, 'syntheticPerClass', syntheticPerClass)
  const carried = carriedNetwork({ network, turns: loops.outer, practice })
  return {
    kind: 'sum',
    name: augmentation ? 'gradient matching, siamese' : 'gradient matching',
    init: (key) => ({ params: {}, state: carried.init(key) }),
    draw: (key, from) =>
      disposeOnThrow(async (own) => ({
        common: own({
          ...own(carried.copy(from.state)),
          statistics: await drawStatistics(key, from.real, from.state),
        }),
        items: (await drawClasses(key, from, { realPerClass, views, syntheticPerClass, augmentation })).map(
          (batch, label) => ({ ...batch, targets: targetsOf(batch.real.shape[0], label, from.real.classes) }),
        ),
      })),
    term(set, _, common, item) {
      const { real, targets, augment, rows } = item
      const synthetic = set.render(rows)
      const changed = (images: Tensor4D) => (augmentation ? augmentation.apply(images, augment) : images)
      const gradient = gradientUnder(network, common)
      const constant = mapTree((g) => stopGradient(g), gradient({ images: changed(real), targets }))
      return distance(constant, gradient({ images: changed(synthetic.images), targets: synthetic.targets }))
    },
    advance: carried.advance,
  }
}

/** One-hot rows of one class. */
const targetsOf = (rows: number, label: number, classes: number) =>
  tensor(oneHotRows(new Array<number>(rows).fill(label), classes), [rows, classes])
