import type { Args, Tree } from './tree.js'

/** A compiled function. */
export type Compiled<A extends readonly Args[], R extends Tree> = (...args: A) => Promise<R>

/** A compiled function with a prepared derivative: `backward` uses values that `forward` kept instead of recomputing them. */
export interface Linearized<P extends Tree, A extends readonly Args[], R extends Tree> {
  forward(params: P, ...rest: A): Promise<{ readonly value: R; readonly kept: Tree }>
  /** The vector-Jacobian product with respect to `params`. Does not dispose `kept`. */
  backward(kept: Tree, cotangent: R): Promise<P>
}

/** Compiles functions and runs them. The caller owns results; arguments are never disposed. */
export interface Engine {
  readonly name: string
  /**
   * Compiles `fn`: it is traced once per signature (shapes and dtypes of tensor leaves, values of all other leaves), then the
   * program is replayed without calling `fn`. `fn` must be pure; everything that changes must be an argument.
   */
  compile<A extends readonly Args[], R extends Tree>(name: string, fn: (...args: A) => R): Compiled<A, R>
  /** The same, with a prepared derivative with respect to the first argument. */
  linearize<P extends Tree, A extends readonly Args[], R extends Tree>(
    name: string,
    fn: (params: P, ...rest: A) => R,
  ): Linearized<P, A, R>
  /** `compilations`: programs compiled so far. It must not grow from step to step. */
  readonly stats: { readonly compilations: number }
}
