import type { Scalar, Tensor } from '@tensorflow/tfjs-core'
import {
  abs,
  add,
  div,
  fill,
  innerProduct,
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

const total = (terms: readonly Scalar[]): Scalar => terms.reduce((s, t) => add(s, t), fill([], 0))

/** One row for each output: kernels `[height, width, in, out]`, `[in, out]` and layer norm's `[height, width, channels]` end in it. */
function rowsByOutput(g: Tensor): Tensor {
  const outputs = g.shape[g.rank - 1]!
  return transpose(reshape(g, [g.size / outputs, outputs]), [1, 0])
}

const skipped = (g: Tensor): boolean => g.rank < 2

/**
 * DC's distance (Zhao et al., ICLR 2021, eq. 9): `Σ 1 - ⟨a, b⟩ / (‖a‖ ‖b‖ + 1e-6)` over the output channels of every tensor
 * of two or more dimensions. Biases and the scales and shifts of normalizations are left out, as in the released code.
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

/** Which tensors of a gradient a distance counts. */
export type Counted = (gradient: Tensor) => boolean

/** Kernels of convolutions alone: tensors of four dimensions. */
export const convolutionKernels: Counted = (g) => g.rank === 4
/** Kernels of convolutions and of linear layers: tensors of two dimensions or more. */
export const allKernels: Counted = (g) => g.rank >= 2

/**
 * Sum over all entries of a function of the difference: no mean, so that larger layers count for more.
 *
 * @param of of every entry's difference, such as `square` or `abs`
 * @param counted which tensors @default all
 */
export const sumOfDifferences =
  (of: (difference: Tensor) => Tensor, counted: Counted = () => true): GradientDistance =>
  (real, synthetic) => {
    const others = tensorLeaves(synthetic)
    return total(tensorLeaves(real).flatMap((g, i) => (counted(g) ? [sum(of(sub(g, others[i]!)))] : [])))
  }

/** Squared difference of all gradients, biases included (`mse` in DC's released code). */
export const squaredDistance: GradientDistance = sumOfDifferences(square)

/** IDC's distance for CIFAR and SVHN: squared differences of convolution kernels (Kim et al., ICML 2022). */
export const convolutionSquared: GradientDistance = sumOfDifferences(square, convolutionKernels)

/** IDC's distance for MNIST, FashionMNIST and ImageNet: absolute differences of convolution kernels. */
export const convolutionAbsolute: GradientDistance = sumOfDifferences(abs, convolutionKernels)

/** `1 - cosine` of all gradients as one vector, biases included (`cos` in the released code). */
export const globalCosine: GradientDistance = (real, synthetic) => {
  const length = (g: Tree) => sqrt(add(innerProduct(g, g), 1e-24))
  return sub(1, div(innerProduct(real, synthetic), add(mul(length(real), length(synthetic)), 1e-6)))
}
