import { rowsOf, type Tree } from '@haba/core'
import { bind, differentiate, recompute, store } from '@haba/distill'
import { trajectoryMatching as objectiveOf } from '@haba/matching'
import { type Experts } from '@haba/matching/experts'
import type { Comparison, GoldenCase } from '../golden-case.js'
import { imageShapeOf, integersOf, listed, rowsAt, scalarOf } from '../layouts.js'
import { flatParameters, storedConvNet } from '../networks.js'
import { pixelSet } from '../sets.js'

/** An expert with two snapshots. */
export const expertOf = (start: Tree, target: Tree): Experts => ({
  count: 1,
  epochs: 1,
  read: (_, epoch) => Promise.resolve(epoch === 0 ? start : target),
})

/** The objective straight through, and its gradient by every differentiation. */
export const trajectoryMatching: GoldenCase = async ({ engine, meta, tensor, group }) => {
  const [images, labels, batches] = [tensor('images'), integersOf(tensor('labels')), tensor('batches')]
  const { network, classes, weights: start } = storedConvNet(group('start.'), imageShapeOf(images))
  const { weights: target } = storedConvNet(group('target.'), imageShapeOf(images))
  const set = pixelSet('images', images, labels, classes)
  const objective = objectiveOf({
    network,
    experts: expertOf(start, target),
    steps: batches.shape[0]!,
    expertEpochs: 1,
    maxStartEpoch: 1,
  })
  const common = { start, target, state: {} }
  const items = Array.from({ length: batches.shape[0]! }, (_, i) => ({
    rows: rowsOf(set.slots(integersOf(rowsAt(batches, [i])).map(Math.round)), 0),
    augment: {},
  }))
  const params = { rate: scalarOf(tensor('learning_rate')) }

  const through = engine.compile('straight through', (images: Tree, rate: typeof params) => {
    const seen = bind(set.parameterization, images)
    const reached = items.reduce(
      (carry, item) => objective.step(rate, common, carry, objective.input(seen, common, item)),
      objective.start(common),
    )
    return { reached, loss: objective.finish(rate, common, reached) }
  })
  const { reached, loss } = await through(set.params, params)
  const order = (meta as { readonly parameter_order: readonly string[] }).parameter_order
  const comparisons: Record<string, Comparison> = {
    loss: { expected: tensor('loss'), got: loss, order: 1 },
    final_params_flat: {
      expected: tensor('final_params_flat'),
      got: flatParameters(network, reached, [...order]),
      order: 1,
    },
  }
  for (const method of [recompute, store]) {
    const gradient = await differentiate(
      engine,
      set.parameterization,
      objective,
      method,
    )(set.params, params, {
      common,
      items,
    })
    const learned = (gradient.params as typeof params).rate
    Object.assign(comparisons, {
      [`loss, ${method.name}`]: { expected: tensor('loss'), got: listed(gradient.loss), order: 1 },
      [`grad.images, ${method.name}`]: {
        expected: tensor('grad.images'),
        got: set.named(gradient.set)['images']!,
        order: 2,
      },
      [`grad.learning_rate, ${method.name}`]: { expected: tensor('grad.learning_rate'), got: learned, order: 2 },
    })
  }
  return comparisons
}
