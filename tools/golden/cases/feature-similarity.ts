import { valueAndGrad } from '@haba/core'
import { dissimilarity, similarity } from '@haba/hallucinator'
import type { Tensor2D } from '@tensorflow/tfjs-core'
import type { GoldenCase } from '../golden-case.js'

/** What the set lowers, with its gradient, and what the critic lowers. */
export const featureSimilarity: GoldenCase = async ({ engine, tensor }) => {
  const compute = engine.compile('feature similarity', (pair: { readonly a: Tensor2D; readonly b: Tensor2D }) => {
    const { value, grad } = valueAndGrad((x) => similarity(x.a, x.b), pair)
    return { adversarial: value, grad, likelihood: dissimilarity(pair.a, pair.b) }
  })
  const got = await compute({ a: tensor('a') as Tensor2D, b: tensor('b') as Tensor2D })
  return {
    adversarial: { expected: tensor('adversarial'), got: got.adversarial, order: 1 },
    likelihood: { expected: tensor('likelihood'), got: got.likelihood, order: 1 },
    'grad.a': { expected: tensor('grad.a'), got: got.grad.a, order: 1 },
    'grad.b': { expected: tensor('grad.b'), got: got.grad.b, order: 1 },
  }
}
