import { rowsOf, type AnyObjective, type Rows, type Tree } from '@haba/core'
import { distributionMatching as meansOf, gradientMatching as gradientsOf } from '@haba/matching'
import type { NamedNetwork } from '@haba/networks'
import type { GoldenCase, Given } from '../golden-case.js'
import { concatenated, imageShapeOf, integersOf, listed, planesOf } from '../layouts.js'
import { storedConvNet } from '../networks.js'
import { factorizedSet, HALLUCINATOR_PARTS } from '../sets.js'
import { differentiateSum, realOf } from './class-batches.js'

/** HaBa's set under a sum objective: class c is rendered by hallucinator `class_hallucinator[c]`. */
async function compareHaba(given: Given, objectiveOf: (network: NamedNetwork) => AnyObjective, order: 1 | 2) {
  const { engine, tensor, group } = given
  const [real, realLabels, views] = [
    tensor('real'),
    integersOf(tensor('real_labels')),
    integersOf(tensor('class_hallucinator')),
  ]
  const bases = tensor('bases')
  const stored = storedConvNet(group('param.'), imageShapeOf(real))
  const count = countOf(given)
  const set = await factorizedSet(bases, count, (j, name) => tensor(`hallucinator.${j}.${name}`))
  const perClass = bases.shape[1]!
  const batches = views.map((view, label) => ({
    label,
    view,
    real: realOf(real, realLabels, label),
    synthetic: Array.from({ length: perClass }, (_, i) => label * perClass + i),
  }))

  const render = engine.compile(
    'render',
    (params: Tree, rows: Rows) => set.parameterization.render(params, rows).images,
  )
  const rendered = []
  for (const { synthetic, view } of batches)
    rendered.push(planesOf(await render(set.params, rowsOf(set.slots(synthetic), view))))
  const { loss, set: gradient } = await differentiateSum(engine, objectiveOf(stored.network), set, stored, batches)
  return {
    images: {
      expected: tensor('images'),
      got: concatenated(rendered, [views.length, ...rendered[0]!.shape]),
      order: 1 as const,
    },
    loss: { expected: tensor('loss'), got: listed(loss), order: 1 as const },
    ...Object.fromEntries(
      Object.entries(set.named(gradient)).map(([name, got]) => [
        `grad.${name}`,
        { expected: tensor(`grad.${name}`), got, order },
      ]),
    ),
  }
}

/** How many hallucinators the file holds. */
const countOf = ({ group }: Given): number =>
  Object.keys(group('hallucinator.')).filter((name) => name.endsWith(`.${HALLUCINATOR_PARTS[0]}`)).length

export const habaGradientMatching: GoldenCase = (given) => compareHaba(given, (network) => gradientsOf({ network }), 2)

export const habaDistributionMatching: GoldenCase = (given) => compareHaba(given, (network) => meansOf({ network }), 1)
