import type { Scalar, Tensor1D, Tensor2D, Tensor3D } from '@tensorflow/tfjs-core'
import {
  add,
  cast,
  concat,
  constant,
  div,
  equal,
  exp,
  fill,
  HabaError,
  log,
  matMul,
  max,
  mul,
  neg,
  reshape,
  slice,
  stopGradient,
  sub,
  sum,
} from '@haba/core'

/**
 * A contrastive loss of unit vectors.
 *
 * @param features `[batch, views, features]`, each of length 1
 * @param labels `[batch]`, int32
 */
export type ContrastiveLoss = (features: Tensor3D, labels: Tensor1D) => Scalar

const viewOf = (features: Tensor3D, view: number): Tensor2D => {
  const [batch, , length] = features.shape
  return reshape(slice(features, [0, view, 0], [batch, 1, length]), [batch, length])
}

const checkTemperature = (who: string, temperature: number): void => {
  if (!(temperature > 0))
    throw new HabaError(who, 'a temperature above 0', `${temperature}`, 'The published value is 0.07.')
}

/**
 * Supervised contrastive loss over all views as anchors (Khosla et al., NeurIPS 2020, eq. 2), as in HaBa's released code:
 * an anchor's positives are all other vectors of its class.
 *
 * @param options.temperature above 0 @default 0.07
 */
export function supervisedContrastive({ temperature = 0.07 }: { readonly temperature?: number } = {}): ContrastiveLoss {
  checkTemperature('supervisedContrastive', temperature)
  return (features, labels) => {
    const [batch, views] = features.shape
    const all = concat(
      Array.from({ length: views }, (_, view) => viewOf(features, view)),
      0,
    ) // [views·batch, features]
    const n = views * batch
    const similarity = mul(matMul(all, all, { b: true }), 1 / temperature)
    const shifted = sub(similarity, stopGradient(max(similarity, 1, true)))
    const others = constant(
      Float32Array.from({ length: n * n }, (_, i) => (i % (n + 1) === 0 ? 0 : 1)),
      [n, n],
    )
    const column = cast(
      reshape(
        concat(
          Array.from({ length: views }, () => labels),
          0,
        ),
        [n, 1],
      ),
      'float32',
    )
    const positive = mul(equal(column, reshape(column, [1, n])), others)
    const logProbability = sub(shifted, log(sum(mul(exp(shifted), others), 1, true)))
    const perAnchor = div(sum(mul(positive, logProbability), 1), sum(positive, 1))
    return mul(neg(sum(perAnchor)), 1 / n)
  }
}

/**
 * The paper's instance-level loss (Liu et al., NeurIPS 2022, eq. 3): classifies a basis under one view among all bases under
 * another view. Summed over all ordered pairs of views, divided by `views² · batch`.
 *
 * @param options.temperature above 0 @default 0.07
 */
export function instanceContrastive({ temperature = 0.07 }: { readonly temperature?: number } = {}): ContrastiveLoss {
  checkTemperature('instanceContrastive', temperature)
  return (features) => {
    const [batch, views] = features.shape
    const diagonal = constant(
      Float32Array.from({ length: batch * batch }, (_, i) => (i % (batch + 1) === 0 ? 1 : 0)),
      [batch, batch],
    )
    let total: Scalar = fill([], 0)
    for (let j = 0; j < views; j++)
      for (let k = 0; k < views; k++) {
        if (j === k) continue
        const similarity = mul(matMul(viewOf(features, j), viewOf(features, k), { b: true }), 1 / temperature)
        const shifted = sub(similarity, stopGradient(max(similarity, 1, true)))
        const own = sum(mul(shifted, diagonal), 1)
        total = add(total, sum(sub(own, log(sum(exp(shifted), 1)))))
      }
    return mul(neg(total), 1 / (views * views * batch))
  }
}
