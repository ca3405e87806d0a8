import { HabaError, matMul, mul, square, sub, sum, tensor, type Engine } from '@haba/core'
import type { Tensor2D } from '@tensorflow/tfjs-core'

/** Most iterations; a matrix that needs more is too badly conditioned. 12 to 16 are usual. */
const mostIterations = 40
/** Largest accepted root mean square of `Z A Z - I`, relative to the diagonal. */
const tolerance = 1e-2

interface MatrixRootsOptions {
  /** Symmetric and positive definite, `[size × size]`. */
  readonly matrix: Float32Array
  readonly size: number
  readonly engine: Engine
}

/**
 * `A^½` and `A^-½` of a symmetric positive definite matrix by the coupled Newton-Schulz iteration, which needs only matrix
 * products (Higham, Functions of Matrices, eq. 6.35): `W = Z Y, Y ← Y (3I - W)/2, Z ← (3I - W) Z/2`.
 */
export async function matrixRoots({ matrix, size, engine }: MatrixRootsOptions) {
  const norm = Math.sqrt(matrix.reduce((total, value) => total + value * value, 0))
  const square2D = (values: Float32Array) => tensor(values, [size, size])
  const scaled = square2D(matrix.map((value) => value / norm)) // its eigenvalues lie in (0, 1], where it converges
  const eye = square2D(unitMatrix(size))
  const { y, z } = await iterate({ scaled, eye, size, engine })
  const check = engine.compile('matrix roots, check', (a: Tensor2D, inverse: Tensor2D, one: Tensor2D) =>
    sum(square(sub(matMul(matMul(inverse, a), inverse), one))),
  )
  const residual = await rootMean(await check(scaled, z, eye), size)
  if (!(residual < tolerance)) throw notConverged(residual)
  const [root, inverse] = await Promise.all([y.data<'float32'>(), z.data<'float32'>()])
  for (const used of [scaled, eye, y, z]) used.dispose()
  return {
    root: root.map((value) => value * Math.sqrt(norm)),
    inverse: inverse.map((value) => value / Math.sqrt(norm)),
  }
}

interface IterateOptions {
  readonly scaled: Tensor2D
  readonly eye: Tensor2D
  readonly size: number
  readonly engine: Engine
}

async function iterate({ scaled, eye, size, engine }: IterateOptions): Promise<{ y: Tensor2D; z: Tensor2D }> {
  const step = engine.compile('matrix roots, step', (y: Tensor2D, z: Tensor2D, one: Tensor2D) => {
    const w = matMul(z, y)
    return {
      y: sub(mul(1.5, y), mul(0.5, matMul(y, w))),
      z: sub(mul(1.5, z), mul(0.5, matMul(w, z))),
      error: sum(square(sub(w, one))),
    }
  })
  let [y, z]: [Tensor2D, Tensor2D] = [scaled, eye]
  let previous = Infinity
  for (let i = 0; i < mostIterations; i++) {
    const next = await step(y, z, eye)
    if (i > 0) [y, z].forEach((old) => old.dispose())
    ;[y, z] = [next.y, next.z]
    const residual = await rootMean(next.error, size)
    if (!Number.isFinite(residual)) throw notConverged(residual)
    // Convergence is quadratic: a residual that stops falling is rounding error.
    if (residual < tolerance && residual > previous / 4) return { y, z }
    previous = residual
  }
  throw notConverged(previous)
}

function unitMatrix(size: number): Float32Array {
  const unit = new Float32Array(size * size)
  for (let i = 0; i < size; i++) unit[i * size + i] = 1
  return unit
}

/** Root of a sum of squares over the rows, disposed after reading. */
async function rootMean(total: { data(): Promise<ArrayLike<number>>; dispose(): void }, rows: number): Promise<number> {
  const [value] = Array.from(await total.data())
  total.dispose()
  return Math.sqrt(value! / rows)
}

const notConverged = (residual: number) =>
  new HabaError(
    'zca',
    `a covariance whose inverse square root exists in float32 (residual below ${tolerance})`,
    `a residual of ${residual.toPrecision(3)}`,
    'Raise epsilon (0.1 is usual), and check that pixels are finite and in [0, 1].',
  )
