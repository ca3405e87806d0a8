import { mapTree, mul, vjp, type Tree } from '@haba/core'
import type { CompiledStep, Differentiation, Step, StepGradient } from './stepper.js'

/**
 * TESLA's gradient (Cui et al., ICML 2023): the weights that a step starts from are held constant, so the cotangent of
 * the last weights passes every step unchanged and no Hessian is needed. With student steps `θ - α g` it is
 * `-α ∂⟨g, λ⟩/∂x` a step, `λ = 2(θ_N - θ*)/‖θ_0 - θ*‖²` (spec §8.1). Exact for the last step, an approximation before;
 * the step size's gradient is truncated alike.
 */
export const tesla: Differentiation = { name: 'tesla', compile: truncated((input) => input) }

/**
 * TESLA as released, which made its published numbers: what inputs owe is halved, because the factor 2 multiplies a tuple
 * there (trap 35). The step size's gradient loses nothing.
 */
export const teslaReleased: Differentiation = {
  name: 'tesla, released',
  compile: truncated((input) => mapTree((x) => mul(x, 0.5), input)),
}

/** A step whose carry is constant to it, so that what the next step owes is what the last one does. */
function truncated(owed: (input: Tree) => Tree): Differentiation['compile'] {
  return (engine, name, step: Step): CompiledStep => {
    const take = engine.compile(`${name}/step`, step)
    const adjoint = engine.compile(
      `${name}/truncated adjoint`,
      (params: Tree, common: Tree, carry: Tree, input: Tree, cotangent: Tree): StepGradient => {
        const { pull } = vjp(
          (x: { readonly params: Tree; readonly input: Tree }) => step(x.params, common, carry, x.input),
          {
            params,
            input,
          },
        )
        const back = pull(cotangent)
        // Multiplied, for a result is the caller's own and this one came in.
        return { params: back.params, input: owed(back.input), carry: mapTree((x) => mul(x, 1), cotangent) }
      },
    )
    return {
      forward: async (...args) => ({ carry: await take(...args), kept: [] }),
      backward: (params, common, carry, input, _, cotangent) => adjoint(params, common, carry, input, cotangent),
    }
  }
}
