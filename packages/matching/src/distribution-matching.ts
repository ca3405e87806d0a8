import type { Scalar, Tensor2D, Tensor4D } from '@tensorflow/tfjs-core'
import {
  drawSome,
  drawView,
  fold,
  indicesByClass,
  mean,
  rowsOf,
  slotsOfClass,
  square,
  stopGradient,
  sub,
  sum,
  type Args,
  type Augmentation,
  type Network,
  type None,
  type Rows,
  type SumObjective,
  type Tree,
} from '@haba/core'
import { checkCount } from './check.js'

/** Options of `distributionMatching`. */
export interface DistributionMatchingOptions {
  /** Its features embed the images; a fresh random network is drawn at every step. */
  readonly network: Network
  /** Siamese: one draw acts on real and synthetic images of a class alike. */
  readonly augmentation?: Augmentation
  /** Real images a class. @default 256 */
  readonly realPerClass?: number
}

type Common = { readonly weights: Tree; readonly state: Tree }
type Item = { readonly real: Tensor4D; readonly rows: Rows; readonly augment: Args }

/** `‖mean(real) - mean(synthetic)‖²`, summed over features; the real side is constant. Both `[images, features]`. */
export const meanDistance = (real: Tensor2D, synthetic: Tensor2D): Scalar =>
  sum(square(sub(mean(stopGradient(real), 0), mean(synthetic, 0)))) as Scalar

/**
 * Distribution matching (DM; Zhao and Bilen, WACV 2023, eq. 4): the mean embedding of every class of the set under random
 * networks approaches that of real images. An item is a class.
 *
 * @throws HabaError for a count below 1
 */
export function distributionMatching({
  network,
  augmentation,
  realPerClass = 256,
}: DistributionMatchingOptions): SumObjective<Common, Item, None, None> {
  checkCount('distributionMatching', 'realPerClass', realPerClass)
  return {
    kind: 'sum',
    name: 'distribution matching',
    init: () => ({ params: {}, state: {} }),
    async draw(key, { real, layout }) {
      const { weights, state } = network.init(fold(key, 'network'))
      const classes = indicesByClass(real.labels, real.classes)
      const items = await Promise.all(
        classes.map(async (members, label): Promise<Item> => {
          const own = fold(fold(key, 'class'), label)
          return {
            real: await real.images(drawSome(fold(own, 'real'), members, realPerClass)),
            rows: rowsOf(slotsOfClass(layout, label), drawView(fold(own, 'view'), layout)),
            augment: augmentation?.draw(fold(own, 'augment'), 1, layout.image) ?? {},
          }
        }),
      )
      return { common: { weights, state }, items }
    },
    term(set, _, { weights, state }, { real, rows, augment }) {
      const embed = (images: Tensor4D) =>
        network.apply(weights, augmentation ? augmentation.apply(images, augment) : images, { kind: 'train', state })
          .features
      return meanDistance(embed(real), embed(set.render(rows).images))
    },
  }
}
