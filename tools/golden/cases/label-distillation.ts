import {
  adam,
  applyUpdates,
  crossEntropy,
  projectSimplex,
  pixels,
  rowsOf,
  type Optimizer,
  type Parameterization,
  type Tree,
} from '@haba/core'
import { bind, differentiate, recompute } from '@haba/distill'
import { labelDistillation as objectiveOf, secondOrder } from '@haba/meta'
import { labeled, type LabeledParams } from '@haba/sets'
import type { Tensor2D } from '@tensorflow/tfjs-core'
import type { GoldenCase } from '../golden-case.js'
import { imageShapeOf, imagesOf, integersOf, listed, oneHotOf, scalarOf } from '../layouts.js'
import { flatParameters, storedConvNet } from '../networks.js'

/** Label distillation, second order: one step's loss, its gradient in the labels, and where Adam then moves them. */
export const labelDistillation: GoldenCase = async ({ engine, meta, tensor, group }) => {
  const [base, judges, labels] = [tensor('base_images'), tensor('target_images'), tensor('labels') as Tensor2D]
  const { network, classes, weights, state } = storedConvNet(group('param.'), imageShapeOf(base))
  // Which classes the images are of does not matter: their labels are soft.
  const perClass = Array.from({ length: classes }, (_, c) => (c === 0 ? base.shape[0]! - classes + 1 : 1))
  const set = labeled({ of: pixels({ image: imageShapeOf(base), classes, perClass }) })
  const params: LabeledParams = { images: imagesOf(base), targets: labels }
  const rate = scalarOf(tensor('inner_learning_rate')).dataSync()[0]!
  const objective = objectiveOf({ network, by: secondOrder({ learningRate: rate }) })
  const learner = { trained: { weights }, carried: {}, state }
  const targets = oneHotOf(integersOf(tensor('target_labels')), classes)
  const common = { learner, images: imagesOf(judges), targets }
  const rows = rowsOf(Int32Array.from(integersOf(tensor('inner_indices'))), 0)

  const general = set as unknown as Parameterization<Tree>
  const { loss, set: gradient } = await differentiate(
    engine,
    general,
    objective,
    recompute,
  )(params, {}, { common, items: [rows] })
  const ofLabels = (gradient as LabeledParams).targets
  const through = engine.compile('straight through', (stored: Tree) => {
    const input = objective.input(bind(general, stored), common, rows)
    const { logits } = network.apply(weights, input.images, { kind: 'train', state })
    return {
      loss: crossEntropy(logits, input.targets),
      reached: objective.step({}, common, objective.start(common), input),
    }
  })
  const { loss: baseLoss, reached } = await through(params)
  const moved = (optimizer: Optimizer) =>
    engine.compile('labels/update', (at: Tree, g: Tree) =>
      applyUpdates(at, optimizer.update(g, optimizer.init(at), at).updates),
    )(labels, ofLabels) as Promise<Tensor2D>
  const plain = adam({ learningRate: 1e-3 })
  const { parameter_order: order } = meta as { readonly parameter_order: readonly string[] }
  return {
    loss: { expected: tensor('loss'), got: listed(loss), order: 1 },
    base_loss: { expected: tensor('base_loss'), got: baseLoss, order: 1 },
    updated_params_flat: {
      expected: tensor('updated_params_flat'),
      got: flatParameters(network, reached, [...order]),
      order: 1,
    },
    'grad.labels': { expected: tensor('grad.labels'), got: ofLabels, order: 2 },
    'labels.after_adam': {
      expected: tensor('labels.after_adam'),
      got: await moved(plain),
      order: 1,
    },
    'labels.final': {
      expected: tensor('labels.final'),
      got: await moved(projectSimplex(plain)),
      order: 1,
    },
  }
}
