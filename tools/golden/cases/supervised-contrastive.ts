import { valueAndGrad } from '@haba/core'
import { supervisedContrastive as lossOf } from '@haba/hallucinator'
import type { Tensor1D, Tensor3D } from '@tensorflow/tfjs-core'
import { stated, type Comparison, type GoldenCase } from '../golden-case.js'

/** The loss and its gradient, for labels that repeat and for labels that do not. */
export const supervisedContrastive: GoldenCase = async ({ engine, what, tensor }) => {
  const loss = lossOf({ temperature: stated(what, 'temperature', 0.07) })
  const compute = engine.compile('supervised contrastive', (features: Tensor3D, labels: Tensor1D) =>
    valueAndGrad((x: Tensor3D) => loss(x, labels), features),
  )
  const comparisons: Record<string, Comparison> = {}
  for (const prefix of ['', 'unique.']) {
    const features = tensor(`${prefix}features`) as Tensor3D
    const { value, grad } = await compute(features, tensor(`${prefix}labels`) as Tensor1D)
    comparisons[`${prefix}loss`] = { expected: tensor(`${prefix}loss`), got: value, order: 1 }
    comparisons[`${prefix}grad.features`] = { expected: tensor(`${prefix}grad.features`), got: grad, order: 1 }
  }
  return comparisons
}
