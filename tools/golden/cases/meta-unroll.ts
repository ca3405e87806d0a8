import { crossEntropy, rowsOf, softplus, tensor as hostTensor, type Tree } from '@haba/core'
import { bind, differentiate, recompute, store as keeping } from '@haba/distill'
import { unrolledTraining } from '@haba/meta'
import type { Tensor, Tensor1D } from '@tensorflow/tfjs-core'
import type { Comparison, GoldenCase } from '../golden-case.js'
import { imageShapeOf, imagesOf, integersOf, listed, oneHotOf, reshaped } from '../layouts.js'
import { flatParameters, storedConvNet } from '../networks.js'
import { pixelSet } from '../sets.js'

/** Unrolled training: the loss after the given steps, and its gradient in images and rates by every differentiation. */
export const metaUnroll: GoldenCase = async ({ engine, meta, tensor, group }) => {
  const [given, real, raw] = [tensor('images'), tensor('real'), tensor('raw_learning_rates')]
  const [steps, perStep, ...image] = given.shape as [number, number, ...number[]]
  const planes = reshaped(given, [steps * perStep, ...image])
  const { network, classes, weights, state } = storedConvNet(group('param.'), imageShapeOf(planes))
  const set = pixelSet('images', planes, integersOf(tensor('labels')), classes)
  const objective = unrolledTraining({ network, steps, epochs: 1 })
  const common = {
    weights,
    state,
    images: imagesOf(real),
    targets: oneHotOf(integersOf(tensor('real_labels')), classes),
    augment: {},
  }
  const items = Array.from({ length: steps }, (_, i) => ({
    rows: rowsOf(set.slots(Array.from({ length: perStep }, (_, j) => i * perStep + j)), 0),
    at: hostTensor(
      Array.from({ length: steps }, (_, j) => +(i === j)),
      [steps],
    ) as Tensor1D,
  }))
  const params = { rates: reshaped(raw, [steps]) as Tensor1D }

  const through = engine.compile('straight through', (stored: Tree, learned: typeof params) => {
    const seen = bind(set.parameterization, stored)
    const losses: Tensor[] = []
    const reached = items.reduce((carry, item) => {
      const input = objective.input(seen, common, item)
      losses.push(crossEntropy(network.apply(carry, input.images, { kind: 'train', state }).logits, input.targets))
      return objective.step(learned, common, carry, input)
    }, objective.start(common))
    return { reached, losses, sizes: softplus(learned.rates) }
  })
  const { reached, losses, sizes } = await through(set.params, params)
  const { parameter_order: order } = meta as { readonly parameter_order: readonly string[] }
  const rates = sizes.dataSync()
  const comparisons: Record<string, Comparison> = {
    final_params_flat: {
      expected: tensor('final_params_flat'),
      got: flatParameters(network, reached, [...order]),
      order: 1,
    },
    step_losses: {
      expected: tensor('step_losses'),
      got: listed(...losses.map((loss) => loss.dataSync()[0]!)),
      order: 1,
    },
    learning_rates: { expected: tensor('learning_rates'), got: sizes, order: 1 },
  }
  for (const how of [recompute, keeping]) {
    const gradient = await differentiate(
      engine,
      set.parameterization,
      objective,
      how,
    )(set.params, params, { common, items })
    const ofRaw = (gradient.params as typeof params).rates
    // softplus' slope at the raw rate is 1 - exp(-rate).
    const ofRates = listed(...ofRaw.dataSync().map((g, i) => g / (1 - Math.exp(-rates[i]!))))
    Object.assign(comparisons, {
      [`loss, ${how.name}`]: { expected: tensor('loss'), got: listed(gradient.loss), order: 1 },
      [`grad.images, ${how.name}`]: {
        expected: tensor('grad.images'),
        got: set.named(gradient.set)['images']!,
        order: 2,
      },
      [`grad.raw_learning_rates, ${how.name}`]: { expected: tensor('grad.raw_learning_rates'), got: ofRaw, order: 2 },
      [`grad.learning_rates, ${how.name}`]: { expected: tensor('grad.learning_rates'), got: ofRates, order: 2 },
    })
  }
  return comparisons
}
