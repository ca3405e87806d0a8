import { contrastiveSignals, gradientMatching, summed } from '@haba/matching'
import { rowsOf, type AnyObjective } from '@haba/core'
import { differentiate, recompute } from '@haba/distill'
import type { Comparison, GoldenCase } from '../golden-case.js'
import { imageShapeOf, imagesOf, integersOf, listed, oneHotOf, reshaped } from '../layouts.js'
import { storedConvNet } from '../networks.js'
import { pixelSet } from '../sets.js'
import { realOf } from './class-batches.js'

interface Rule {
  readonly rule: string
  readonly rule_table: {
    readonly outer_steps: readonly number[]
    readonly inner_steps: readonly number[]
    readonly class_summed_used: readonly (readonly number[])[]
  }
}

/** The class-summed and the class-wise loss on the same images, with their gradients, and the rule of the warm-ups. */
export const dcc: GoldenCase = async ({ engine, tensor, group, meta }) => {
  const [real, synthetic] = [tensor('real'), tensor('synthetic')]
  const [realLabels, labels] = [integersOf(tensor('real_labels')), integersOf(tensor('synthetic_labels'))]
  const { network, weights, state, classes } = storedConvNet(group('param.'), imageShapeOf(real))
  const set = pixelSet('synthetic', synthetic, labels, classes)
  const batches = Array.from({ length: classes }, (_, label) => {
    const own = realOf(real, realLabels, label)
    return {
      real: imagesOf(own),
      targets: oneHotOf(Array<number>(own.shape[0]!).fill(label), classes),
      rows: rowsOf(set.slots([...labels.keys()].filter((i) => labels[i] === label)), 0),
      augment: {},
    }
  })
  const comparisons: Record<string, Comparison> = {}
  const compare = async (name: string, objective: AnyObjective, items: readonly object[]) => {
    const match = differentiate(engine, set.parameterization, objective, recompute)
    const drawn = { common: { weights, state, statistics: [] }, items: items as never }
    const { loss, set: gradient } = await match(set.params, {}, drawn)
    comparisons[`${name}.loss`] = { expected: tensor(`${name}.loss`), got: listed(loss), order: 1 }
    const got = set.named(gradient)['synthetic']!
    comparisons[`${name}.grad.synthetic`] = { expected: tensor(`${name}.grad.synthetic`), got, order: 2 }
  }
  await compare('class_summed', contrastiveSignals({ network }), [{ classes: batches }])
  await compare('class_wise', gradientMatching({ network }), batches)
  return { ...comparisons, rule: compareRule(meta as Rule) }
}

/** Where both warm-ups end, by the manifest's words, and what it says of steps before and after. */
function compareRule({ rule, rule_table: { outer_steps, inner_steps, class_summed_used } }: Rule): Comparison {
  const after = (name: string) => Number(new RegExp(`${name} warm-up (\\d+)`).exec(rule)![1])
  const warmUps = { networks: after('outer'), turns: after('inner') }
  const used = outer_steps.flatMap((networks) => inner_steps.map((turn) => +summed(warmUps, { networks, turn })))
  return { expected: reshaped(listed(...class_summed_used.flat()), [used.length]), got: listed(...used), order: 1 }
}
