import { div, innerProduct, mapTree, rowsOf, sub, type Tree } from '@haba/core'
import { bind, differentiate, recompute, tesla as truncated, teslaReleased as released } from '@haba/distill'
import { trajectoryMatching } from '@haba/matching'
import type { Comparison, GoldenCase } from '../golden-case.js'
import { imageShapeOf, integersOf, listed, rowsAt, scalarOf } from '../layouts.js'
import { flatParameters, storedConvNet } from '../networks.js'
import { pixelSet } from '../sets.js'
import { expertOf } from './trajectory-matching.js'

/** Trajectory matching, differentiated as TESLA means it, as TESLA does it, and exactly. */
export const tesla: GoldenCase = async ({ engine, meta, tensor, group }) => {
  const [images, labels, batches] = [tensor('images'), integersOf(tensor('labels')), tensor('batches')]
  const { network, classes, weights: start } = storedConvNet(group('start.'), imageShapeOf(images))
  const { weights: target } = storedConvNet(group('target.'), imageShapeOf(images))
  const set = pixelSet('images', images, labels, classes)
  const steps = batches.shape[0]!
  const experts = expertOf(start, target)
  const objective = trajectoryMatching({ network, experts, steps, expertEpochs: 1, maxStartEpoch: 1 })
  const items = Array.from({ length: steps }, (_, i) => ({
    rows: rowsOf(set.slots(integersOf(rowsAt(batches, [i])).map(Math.round)), 0),
    augment: {},
  }))
  const common = { start, target, state: {} }
  const params = { rate: scalarOf(tensor('learning_rate')) }

  const through = engine.compile('straight through', (stored: Tree, learned: typeof params) => {
    const seen = bind(set.parameterization, stored)
    const reached = items.reduce(
      (carry, item) => objective.step(learned, common, carry, objective.input(seen, common, item)),
      objective.start(common),
    )
    const away = mapTree((a, b) => sub(a, b), start, target)
    // With steps θ - α g, the gradients add up to (θ_0 - θ_N) / α.
    const gradients = mapTree((a, b) => div(sub(a, b), learned.rate), start, reached)
    return { reached, gradients, distance: innerProduct(away, away) }
  })
  const { reached, gradients, distance } = await through(set.params, params)
  const { parameter_order: order } = meta as { readonly parameter_order: readonly string[] }
  const flat = (weights: Tree) => flatParameters(network, weights, [...order])
  const comparisons: Record<string, Comparison> = {
    final_params_flat: { expected: tensor('final_params_flat'), got: flat(reached), order: 1 },
    gradient_sum: { expected: tensor('gradient_sum'), got: flat(gradients), order: 1 },
    distance: { expected: tensor('distance'), got: distance, order: 1 },
  }
  for (const [name, how] of Object.entries({ truncated, released, exact: recompute })) {
    const gradient = await differentiate(
      engine,
      set.parameterization,
      objective,
      how,
    )(set.params, params, { common, items })
    Object.assign(comparisons, {
      [`loss, ${name}`]: { expected: tensor('loss'), got: listed(gradient.loss), order: 1 },
      [`${name}.grad.images`]: {
        expected: tensor(`${name}.grad.images`),
        got: set.named(gradient.set)['images']!,
        order: 2,
      },
      [`${name}.grad.learning_rate`]: {
        expected: tensor(`${name}.grad.learning_rate`),
        got: (gradient.params as typeof params).rate,
        order: 2,
      },
    })
  }
  return comparisons
}
