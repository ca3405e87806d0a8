import type { Scalar, Tensor2D, Tensor4D } from '@tensorflow/tfjs-core'
import {
  disposeOnThrow,
  drawProducts,
  drawSome,
  foldIn,
  indicesByClass,
  mean,
  slotsOfClass,
  square,
  stopGradient,
  sub,
  sum,
  type Network,
  type None,
  type Rows,
  type SumObjective,
  type Tree,
} from '@haba/core'

/** Options of `objectiveName`. */
export interface ObjectiveNameOptions {
  /** Its features are compared; a fresh random network is drawn at every step. */
  readonly network: Network
  /** Real images a class. @default 256 */
  readonly realPerClass?: number
}

type Common = { readonly weights: Tree; readonly state: Tree }
type Item = { readonly real: Tensor4D; readonly rows: Rows }

/** `‖mean(real) - mean(synthetic)‖²`, summed over features; the real side is constant. Both `[images, features]`. */
export const objectiveNameDistance = (real: Tensor2D, synthetic: Tensor2D): Scalar =>
  sum(square(sub(mean(stopGradient(real), 0), mean(synthetic, 0))))

/** Objective name: the features of every class of the set approach those of real images. An item is a class. */
export function objectiveName({
  network,
  realPerClass = 256,
}: ObjectiveNameOptions): SumObjective<Common, Item, None, None> {
  return {
    kind: 'sum',
    name: 'objective name',
    init: () => ({ params: {}, state: {} }),

    // All chance is here: what is drawn is data, so the term below is the same function at every step.
    draw: (key, { real, layout }) =>
      // Reading may fail: what was drawn before is freed then.
      disposeOnThrow(async (own) => {
        const { weights, state } = own(network.init(foldIn(key, 'network')))
        const classes = indicesByClass(real.labels, real.classes)
        const items = await Promise.all(
          classes.map(async (members, label): Promise<Item> => {
            const ofClass = foldIn(foldIn(key, 'class'), label)
            const images = own(await real.images(drawSome(foldIn(ofClass, 'real'), members, realPerClass)))
            // All views: with fewer, a mean over them would pull the views of a basis onto each other.
            const rows = own(drawProducts(foldIn(ofClass, 'views'), layout, slotsOfClass(layout, label), 'all'))
            return { real: images, rows }
          }),
        )
        return { common: { weights, state }, items }
      }),

    term(set, _params, { weights, state }, { real, rows }) {
      const features = (images: Tensor4D) => network.apply(weights, images, { kind: 'train', state }).features
      return objectiveNameDistance(features(real), features(set.render(rows).images))
    },
  }
}
