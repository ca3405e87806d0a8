import type { Tree } from './tree.js'

/** A pair of pure functions, as in optax. The state is explicit, so that checkpoints can save it. Add `updates` to `params`. */
export interface Optimizer<S extends Tree = Tree> {
  init(params: Tree): S
  update<P extends Tree>(grads: P, state: S, params: P): { readonly updates: P; readonly state: S }
}
