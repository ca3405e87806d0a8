import type { Tensor1D, Tensor2D } from '@tensorflow/tfjs-core'
import { div, maximum, mul, sqrt, square } from '../ops/elementwise.js'
import { sum } from '../ops/layout.js'

/** Cosine of corresponding rows, `[rows]`; norms below `epsilon` count as `epsilon`, as in PyTorch. @param epsilon @default 1e-8 */
export function cosineSimilarity(a: Tensor2D, b: Tensor2D, epsilon = 1e-8): Tensor1D {
  // Clamping before the root keeps the gradient finite if a row is zero.
  const norm = (x: Tensor2D) => sqrt(maximum(sum(square(x), 1), epsilon * epsilon))
  return div(sum(mul(a, b), 1), mul(norm(a), norm(b)))
}
