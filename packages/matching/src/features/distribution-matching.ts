import type { Scalar, Tensor2D, Tensor4D } from '@tensorflow/tfjs-core'
import {
  checkCount,
  checkArguments,
  foldIn,
  square,
  stopGradient,
  sub,
  sum,
  tensorLeaves,
  type Augmentation,
  type Network,
  type None,
  type SumObjective,
  type Tree,
  type ViewCount,
} from '@haba/core'
import { checkViews } from '../check.js'
import { classMeans, countsOf, drawClasses, joined, type ClassBatch } from '../class-batch.js'
import { switched, widened } from '../switched.js'

/** Options of `distributionMatching`. */
export interface DistributionMatchingOptions {
  /** Its features embed the images; a fresh random network is drawn at every step. */
  readonly network: Network
  /** Siamese: one draw acts on real and synthetic images of a class alike. */
  readonly augmentation?: Augmentation
  /** Real images a class. @default 256 */
  readonly realPerClass?: number
  /**
   * Views of a class's slots that a step sees: all, or so many distinct ones. With fewer than all, the loss has a term
   * that makes the views of a basis alike: the variance between views, times `(views left out) / (n · (all - 1))`.
   * @default 'all'
   */
  readonly views?: ViewCount
  /** Which classes pass through the network as one batch. @default asPublished */
  readonly grouping?: Grouping
}

/** One class, or several that pass through the network as one batch. */
export type ClassItem = ClassBatch | { readonly classes: readonly ClassBatch[] }

/** Makes items of the batches of all classes. @param state the network's running statistics */
export type Grouping = (batches: readonly ClassBatch[], state: Tree) => readonly ClassItem[]

/** An item a class: a step needs the memory of one class. */
export const classByClass: Grouping = (batches) => batches

/** One item: all classes share a batch, and batch normalization sees them mixed. */
export const classesTogether: Grouping = (batches) => [{ classes: batches }]

/** As in the released code: together if the network normalizes by batches, otherwise (the same sum) class by class. */
export const asPublished: Grouping = (batches, state) =>
  (tensorLeaves(state).length > 0 ? classesTogether : classByClass)(batches, state)

type Common = { readonly weights: Tree; readonly state: Tree }

/**
 * `Σ ‖mean(real) - mean(synthetic)‖²` over classes, summed over features; the real side is constant. Both
 * `[images, features]`, class after class.
 *
 * @param counts images of each class @default one class
 */
export const meanDistance = (
  real: Tensor2D,
  synthetic: Tensor2D,
  counts: { readonly real: readonly number[]; readonly synthetic: readonly number[] } = {
    real: [real.shape[0]],
    synthetic: [synthetic.shape[0]],
  },
): Scalar => sum(square(sub(stopGradient(classMeans(real, counts.real)), classMeans(synthetic, counts.synthetic))))

/**
 * Distribution matching (DM; Zhao and Bilen, WACV 2023, eq. 4): the mean embedding of every class of the set under random
 * networks approaches that of real images. The sum over classes is accumulated item by item, so that memory is that of the
 * largest item; with batch statistics the classes must mix, and the one item holds them all.
 *
 * @throws HabaError for a count below 1
 */
export function distributionMatching(
  options: DistributionMatchingOptions,
): SumObjective<Common, ClassItem, None, None> {
  const {
    network,
    augmentation,
    realPerClass = 256,
    views = 'all',
    grouping = asPublished,
  } = checkArguments('distributionMatching', options, { network: 'network', augmentation: 'augmentation?' })
  checkCount('distributionMatching', 'realPerClass', realPerClass)
  checkViews('distributionMatching', views)
  const changed = augmentation && switched(augmentation)
  return {
    kind: 'sum',
    name: 'distribution matching',
    init: () => ({ params: {}, state: {} }),
    async draw(key, from) {
      const batches = await drawClasses(key, from, { realPerClass, views, augmentation })
      const { weights, state } = network.init(foldIn(key, 'network'))
      const items = grouping(batches, state)
      return {
        common: { weights, state },
        items: items.map((item) =>
          'classes' in item ? { classes: widened(item.classes, changed, from.layout.image) } : item,
        ),
      }
    },
    term(set, _, { weights, state }, item) {
      const [batches, change] = 'classes' in item ? [item.classes, changed] : [[item], augmentation]
      const embed = (images: readonly Tensor4D[]) =>
        network.apply(weights, joined(images, batches, change), { kind: 'train', state }).features
      const real = batches.map((batch) => batch.real)
      const synthetic = batches.map(({ rows }) => set.render(rows).images)
      return meanDistance(embed(real), embed(synthetic), { real: countsOf(real), synthetic: countsOf(synthetic) })
    },
  }
}
