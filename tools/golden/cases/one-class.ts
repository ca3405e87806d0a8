import { square, type AnyObjective } from '@haba/core'
import {
  allKernels,
  convolutionAbsolute,
  convolutionSquared,
  distributionMatching as meansOf,
  globalCosine,
  gradientMatching as gradientsOf,
  layerwiseCosine,
  squaredDistance,
  sumOfDifferences,
  type GradientDistance,
} from '@haba/matching'
import type { NamedNetwork } from '@haba/networks'
import type { Comparison, GoldenCase, Given } from '../golden-case.js'
import { imageShapeOf, integersOf, listed } from '../layouts.js'
import { storedConvNet } from '../networks.js'
import { pixelSet } from '../sets.js'
import { differentiateSum, indicesOf } from './class-batches.js'

/** Loss and gradient of an objective on the real and synthetic images of one class. */
async function compareOneClass(
  { engine, tensor, group }: Given,
  label: number,
  prefix: string,
  objectiveOf: (network: NamedNetwork) => AnyObjective,
  order: 1 | 2,
): Promise<Record<string, Comparison>> {
  const [real, synthetic] = [tensor('real'), tensor('synthetic')]
  const stored = storedConvNet(group('param.'), imageShapeOf(real))
  const synthetics = indicesOf(synthetic)
  const set = pixelSet(
    'synthetic',
    synthetic,
    synthetics.map(() => label),
    stored.classes,
  )
  const { loss, set: gradient } = await differentiateSum(engine, objectiveOf(stored.network), set, stored, [
    { label, real, synthetic: synthetics, view: 0 },
  ])
  return {
    [`${prefix}loss`]: { expected: tensor(`${prefix}loss`), got: listed(loss), order: 1 },
    [`${prefix}grad.synthetic`]: {
      expected: tensor(`${prefix}grad.synthetic`),
      got: set.named(gradient)['synthetic']!,
      order,
    },
  }
}

/** One class's gradients under each distance. */
const underDistances =
  (distances: Readonly<Record<string, GradientDistance>>): GoldenCase =>
  async (given) => {
    const [label] = integersOf(given.tensor('class'))
    const comparisons: Record<string, Comparison> = {}
    for (const [name, distance] of Object.entries(distances)) {
      const objectiveOf = (network: NamedNetwork) => gradientsOf({ network, distance })
      Object.assign(comparisons, await compareOneClass(given, label!, `${name}.`, objectiveOf, 2))
    }
    return comparisons
  }

/** DC's objective under each distance. */
export const gradientMatching = underDistances({
  layerwise_cosine: layerwiseCosine,
  squared: squaredDistance,
  cosine: globalCosine,
})

/** IDC's distances. */
export const idcGradientMatching = underDistances({
  squared: convolutionSquared,
  absolute: convolutionAbsolute,
  squared_with_linear: sumOfDifferences(square, allKernels),
})

/** DM's objective; the class does not matter. */
export const distributionMatching: GoldenCase = (given) =>
  compareOneClass(given, 0, '', (network) => meansOf({ network }), 1)
