import type { Args, Tree } from './tree.js'

/** A function that was made replayable. */
export type Compiled<A extends readonly Args[], R extends Tree> = (...args: A) => Promise<R>

/** A function whose derivative was prepared: `backward` takes what `forward` kept, instead of computing it again. */
export interface Linearized<P extends Tree, A extends readonly Args[], R extends Tree> {
  forward(params: P, ...rest: A): Promise<{ readonly value: R; readonly kept: Tree }>
  /** The vector-Jacobian product in `params`. Does not dispose `kept`. */
  backward(kept: Tree, cotangent: R): Promise<P>
}

/** Where functions run. Results belong to the caller; arguments are never disposed. */
export interface Engine {
  readonly name: string
  /**
   * Makes `fn` replayable: traced once per signature (shapes and dtypes of tensor leaves, values of all other leaves),
   * then run without touching a single op. `fn` must be pure, and whatever changes must come in as an argument.
   */
  compile<A extends readonly Args[], R extends Tree>(name: string, fn: (...args: A) => R): Compiled<A, R>
  /** The same, with the derivative in the first argument prepared. */
  linearize<P extends Tree, A extends readonly Args[], R extends Tree>(
    name: string,
    fn: (params: P, ...rest: A) => R,
  ): Linearized<P, A, R>
  /** How many programs were compiled so far; a value that changes from step to step must not raise it. */
  readonly stats: { readonly compilations: number }
}
