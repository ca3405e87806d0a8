import { crossEntropy, rowsOf, type Tree } from '@haba/core'
import { differentiate, recompute } from '@haba/distill'
import { cafe as cafeOf, cafeTerms, tapsOf } from '@haba/matching'
import type { Tensor, Tensor4D } from '@tensorflow/tfjs-core'
import type { Comparison, GoldenCase } from '../golden-case.js'
import { imageShapeOf, imagesOf, integersOf, listed, oneHotOf, rowsAt } from '../layouts.js'
import { storedConvNet } from '../networks.js'
import { pixelSet } from '../sets.js'
import { realOf } from './class-batches.js'

/** CAFE's two losses, their parts, and their gradients apart and together. */
export const cafe: GoldenCase = async ({ engine, tensor, group }) => {
  const [real, synthetic] = [tensor('real'), tensor('synthetic')]
  const [realLabels, labels] = [integersOf(tensor('real_labels')), integersOf(tensor('synthetic_labels'))]
  const { network, classes, weights, state } = storedConvNet(group('param.'), imageShapeOf(real))
  const set = pixelSet('synthetic', synthetic, labels, classes)
  const members = Array.from({ length: classes }, (_, label) => [...labels.keys()].filter((i) => labels[i] === label))
  const realMembers = members.map((_, label) => [...realLabels.keys()].filter((i) => realLabels[i] === label))

  const compute = engine.compile('cafe', (w: Tree, s: Tree, realImages: Tensor4D, images: Tensor4D) => {
    const seen = (x: Tensor4D) => network.apply(w, x, { kind: 'train', state: s })
    const [onReal, onSet] = [seen(realImages), seen(images)]
    const counts = (lists: readonly (readonly number[])[]) => lists.map(({ length }) => length)
    const terms = cafeTerms(
      { taps: tapsOf(onReal), counts: counts(realMembers) },
      { taps: tapsOf(onSet), counts: counts(members) },
    )
    return {
      ...terms,
      real: crossEntropy(
        onReal.logits,
        oneHotOf(
          realMembers.flatMap((list, c) => list.map(() => c)),
          classes,
        ),
      ),
    }
  })
  const terms = await compute(
    weights,
    state,
    imagesOf(rowsAt(real, realMembers.flat())),
    imagesOf(rowsAt(synthetic, members.flat())),
  )

  const layerWeights = [...tensor('layer_weights').dataSync()]
  const discrimination = tensor('discrimination_weight').dataSync()[0]!
  const batches = members.map((list, label) => ({
    real: imagesOf(realOf(real, realLabels, label)),
    rows: rowsOf(set.slots(list), 0),
    augment: {},
  }))
  const gradientOf = (options: { readonly layerWeights: readonly number[]; readonly discrimination: number }) =>
    differentiate(
      engine,
      set.parameterization,
      cafeOf({ network, ...options }),
      recompute,
    )(
      set.params,
      {},
      {
        common: { weights, state },
        items: [{ classes: batches }],
      },
    )
  const whole = await gradientOf({ layerWeights, discrimination })
  const parts = {
    'layer_terms.grad.synthetic': await gradientOf({ layerWeights, discrimination: 0 }),
    'discrimination.grad.synthetic': await gradientOf({ layerWeights: layerWeights.map(() => 0), discrimination: 1 }),
  }
  const one = (name: string, got: Tensor): Record<string, Comparison> => ({
    [name]: { expected: tensor(name), got, order: 1 },
  })
  const valueOf = (x: Tensor) => x.dataSync()[0]!
  return {
    ...one('layer_terms', listed(...terms.layers.map(valueOf))),
    ...one('synthetic_centers', terms.centers),
    ...one('inner_products', inFileOrder(terms.products, realMembers.flat())),
    ...one('discrimination_loss', terms.discrimination),
    ...one('real_cross_entropy', terms.real),
    ...one('loss', listed(whole.loss)),
    ...one('loss_with_real_cross_entropy', listed(whole.loss + valueOf(terms.real))),
    ...one('grad.synthetic', set.named(whole.set)['synthetic']!),
    ...Object.assign(
      {},
      ...Object.entries(parts).map(([name, { set: gradient }]) => one(name, set.named(gradient)['synthetic']!)),
    ),
  }
}

/** Rows that were computed class by class, as they lie in the file. */
const inFileOrder = (rows: Tensor, order: readonly number[]): Tensor =>
  rowsAt(
    rows,
    order.map((_, index) => order.indexOf(index)),
  )
