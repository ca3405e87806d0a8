import type { Scalar, Tensor } from '@tensorflow/tfjs-core'
import {
  add,
  div,
  fill,
  innerProduct,
  mapTree,
  mul,
  reshape,
  sqrt,
  square,
  sub,
  sum,
  tensorLeaves,
  transpose,
  type Tree,
} from '@haba/core'

/** How far two gradients of one network are apart. Both are trees like the network's weights. */
export type GradientDistance = (real: Tree, synthetic: Tree) => Scalar

const total = (terms: readonly Tensor[]): Scalar => terms.reduce((s, t) => add(s, t), fill([], 0)) as Scalar

/** One row for each output: kernels `[height, width, in, out]`, `[in, out]` and layer norm's `[height, width, channels]` end in it. */
function rowsByOutput(g: Tensor): Tensor {
  const outputs = g.shape[g.rank - 1]!
  return transpose(reshape(g, [g.size / outputs, outputs]), [1, 0])
}

const skipped = (g: Tensor): boolean => g.rank < 2

/**
 * DC's distance (Zhao et al., ICLR 2021, eq. 9): `Σ 1 - ⟨a, b⟩ / (‖a‖ ‖b‖ + 1e-6)` over the output channels of every tensor
 * of two or more dimensions. Biases and the scales and shifts of normalisations are left out, as in the released code.
 */
export const layerwiseCosine: GradientDistance = (real, synthetic) => {
  const others = tensorLeaves(synthetic)
  return total(
    tensorLeaves(real).flatMap((g, i) => {
      if (skipped(g)) return []
      const [a, b] = [rowsByOutput(g), rowsByOutput(others[i]!)]
      return [sum(sub(1, div(sum(mul(a, b), 1), add(mul(norm(a), norm(b)), 1e-6))))]
    }),
  )
}

/** Norms of rows; a zero row has norm 0 and gradient 0. */
function norm(rows: Tensor): Tensor {
  return sqrt(add(sum(square(rows), 1), 1e-24))
}

/** Squared difference of all gradients, biases included (`mse` in the released code). */
export const squaredDistance: GradientDistance = (real, synthetic) =>
  total(tensorLeaves(mapTree((a, b) => sum(square(sub(a, b))), real, synthetic)))

/** `1 - cosine` of all gradients as one vector, biases included (`cos` in the released code). */
export const globalCosine: GradientDistance = (real, synthetic) => {
  const length = (g: Tree) => sqrt(add(innerProduct(g, g), 1e-24))
  return sub(1, div(innerProduct(real, synthetic), add(mul(length(real), length(synthetic)), 1e-6))) as Scalar
}
