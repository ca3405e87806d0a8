import { vjp, type Engine, type Tree } from '@haba/core'

/** One step of a recurrence: `(params, common, carry, input) → carry`. */
export type Step = (params: Tree, common: Tree, carry: Tree, input: Tree) => Tree

/** The gradient of one step with respect to all of its arguments. (A type, because an interface is not a `Tree`.) */
export type StepGradient = {
  readonly params: Tree
  readonly carry: Tree
  readonly input: Tree
}

/** A compiled step and its adjoint. */
export interface CompiledStep {
  forward(params: Tree, common: Tree, carry: Tree, input: Tree): Promise<{ readonly carry: Tree; readonly kept: Tree }>
  /** The adjoint: the gradient of ⟨next carry, cotangent⟩ with respect to all arguments of the step. */
  backward(params: Tree, common: Tree, carry: Tree, input: Tree, kept: Tree, cotangent: Tree): Promise<StepGradient>
}

/** How a recurrence is differentiated: exactly (`recompute` and `store` differ in time and memory), or approximately (`tesla`). */
export interface Differentiation {
  readonly name: string
  /** @param hasVelocity whether the carry is `MovingWeights` @default false */
  compile(engine: Engine, name: string, step: Step, hasVelocity?: boolean): CompiledStep
}

type Taken = { readonly params: Tree; readonly carry: Tree; readonly input: Tree }

/**
 * Keeps the weights before each step and recomputes the rest in the backward pass. Exact; its memory is that of one step
 * and of all steps' weights.
 */
export const recompute: Differentiation = {
  name: 'recompute',
  compile(engine, name, step) {
    const take = engine.compile(`${name}/step`, step)
    const adjoint = engine.compile(
      `${name}/adjoint`,
      (params: Tree, common: Tree, carry: Tree, input: Tree, cotangent: Tree) =>
        vjp((x: Taken) => step(x.params, common, x.carry, x.input), { params, carry, input }).pull(cotangent),
    )
    return {
      forward: async (...args) => ({ carry: await take(...args), kept: [] }),
      backward: (params, common, carry, input, _, cotangent) => adjoint(params, common, carry, input, cotangent),
    }
  },
}

/** Keeps what the backward pass needs of every step: less work, more memory. */
export const store: Differentiation = {
  name: 'store',
  compile(engine, name, step) {
    const linear = engine.linearize(`${name}/stored`, (x: Taken, common: Tree) =>
      step(x.params, common, x.carry, x.input),
    )
    return {
      forward: async (params, common, carry, input) => {
        const { value, kept } = await linear.forward({ params, carry, input }, common)
        return { carry: value, kept }
      },
      backward: async (_params, _common, _carry, _input, kept, cotangent) => linear.backward(kept, cotangent),
    }
  },
}
