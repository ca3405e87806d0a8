import type { Tensor2D } from '@tensorflow/tfjs-core'
import { add, concat, constant, div, fill, matMul, mul, stopGradient, sub, sum } from '@haba/core'

/** Iterations of Newton's method; each doubles the digits once it is near, and 40 bring conditions of 1e9 near. */
const ITERATIONS = 40

const identity = (size: number): Tensor2D =>
  constant(
    Float32Array.from({ length: size * size }, (_, i) => +(i % (size + 1) === 0)),
    [size, size],
  )

/** Features with a column of ones, for the bias: `[rows, features + 1]`. */
export const withBias = (features: Tensor2D): Tensor2D => concat([features, fill([features.shape[0], 1], 1)], 1)

/**
 * The inverse of a symmetric matrix with positive eigenvalues, by Newton's iteration `X ← X (2I - A X)`, which needs
 * products only. The last two iterations are differentiated: from an inverse they give its first two derivatives exactly.
 */
function inverse(a: Tensor2D): Tensor2D {
  const two = mul(identity(a.shape[0]), 2)
  const newton = (of: Tensor2D, x: Tensor2D) => matMul(x, sub(two, matMul(of, x)))
  const held = stopGradient(a)
  // 1 / trace is below 2 / the largest eigenvalue, so the iteration contracts.
  let x = div(identity(a.shape[0]), sum(mul(held, identity(a.shape[0]))))
  for (let i = 0; i < ITERATIONS; i++) x = newton(held, x)
  return newton(a, newton(a, stopGradient(x)))
}

/**
 * The weights of a linear layer with bias that fit targets best at a price on their squares, in closed form:
 * `Zᵀ (Z Zᵀ + lambda I)⁻¹ Y` with `Z = [features, 1]`.
 *
 * @returns `[features + 1, classes]`
 */
export function ridge(features: Tensor2D, targets: Tensor2D, lambda: number): Tensor2D {
  const z = withBias(features)
  const kernel = add(matMul(z, z, { b: true }), mul(identity(z.shape[0]), lambda))
  return matMul(z, matMul(inverse(kernel), targets), { a: true })
}
