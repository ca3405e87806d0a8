import type { Tensor2D } from '@tensorflow/tfjs-core'
import { add, concat, constant, div, fill, matMul, mul, stopGradient, sub, sum } from '@haba/core'

/** Iterations of Newton's method: 40 suffice for condition numbers up to 1e9, because convergence is quadratic near the solution. */
const ITERATIONS = 40

const identity = (size: number): Tensor2D =>
  constant(
    Float32Array.from({ length: size * size }, (_, i) => +(i % (size + 1) === 0)),
    [size, size],
  )

/** Features with a column of ones, for the bias: `[rows, features + 1]`. */
export const withBias = (features: Tensor2D): Tensor2D => concat([features, fill([features.shape[0], 1], 1)], 1)

/**
 * The inverse of a symmetric positive definite matrix by Newton's iteration `X ← X (2I - A X)`, which needs only products. Only
 * the last two iterations are differentiated: starting at the inverse, they give its first two derivatives exactly.
 */
function inverse(a: Tensor2D): Tensor2D {
  const two = mul(identity(a.shape[0]), 2)
  const newton = (of: Tensor2D, x: Tensor2D) => matMul(x, sub(two, matMul(of, x)))
  const held = stopGradient(a)
  // 1 / trace is below 2 / the largest eigenvalue, so the iteration converges.
  let x = div(identity(a.shape[0]), sum(mul(held, identity(a.shape[0]))))
  for (let i = 0; i < ITERATIONS; i++) x = newton(held, x)
  return newton(a, newton(a, stopGradient(x)))
}

/**
 * Ridge regression: the weights of a linear layer with bias, `Zᵀ (Z Zᵀ + lambda I)⁻¹ Y` with `Z = [features, 1]`.
 *
 * @returns `[features + 1, classes]`
 */
export function ridge(features: Tensor2D, targets: Tensor2D, lambda: number): Tensor2D {
  const z = withBias(features)
  const kernel = add(matMul(z, z, { b: true }), mul(identity(z.shape[0]), lambda))
  return matMul(z, matMul(inverse(kernel), targets), { a: true })
}
