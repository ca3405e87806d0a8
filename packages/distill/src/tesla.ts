import { mapTree, mul, vjp, type MovingWeights, type Tree } from '@haba/core'
import type { CompiledStep, Differentiation, Step, StepGradient } from './stepper.js'

/**
 * TESLA's gradient (Cui et al., ICML 2023): the weights that a step starts from are held constant, so the cotangent of
 * the last weights passes every step unchanged and no Hessian is needed. With student steps `θ - α g` it is
 * `-α ∂⟨g, λ⟩/∂x` a step, `λ = 2(θ_N - θ*)/‖θ_0 - θ*‖²`. Exact for the last step, an approximation before;
 * the step size's gradient is truncated alike. With momentum the velocity, which is linear in the gradients, is still
 * differentiated: a step's input is charged for all later steps that its gradient keeps moving the weights in.
 */
export const tesla: Differentiation = { name: 'tesla', compile: truncated((input) => input) }

/** * TESLA as released, which produced its published numbers: the gradients of inputs are halved, because the factor 2
 * multiplies a tuple there. The step size's gradient loses nothing.
 */
export const teslaReleased: Differentiation = {
  name: 'tesla, released',
  compile: truncated((input) => mapTree((x) => mul(x, 0.5), input)),
}

/** A step with constant weights: the cotangent of the next step is that of the last one. */
function truncated(owed: (input: Tree) => Tree): Differentiation['compile'] {
  return (engine, name, step: Step, hasVelocity = false): CompiledStep => {
    const take = engine.compile(`${name}/step`, step)
    const adjoint = engine.compile(
      `${name}/truncated adjoint`,
      (params: Tree, common: Tree, carry: Tree, input: Tree, cotangent: Tree): StepGradient => {
        const moving = hasVelocity ? [(carry as MovingWeights).velocity] : []
        const { pull } = vjp(
          (x: { readonly params: Tree; readonly input: Tree; readonly moving: readonly Tree[] }) =>
            step(x.params, common, withVelocity(carry, x.moving), x.input),
          { params, input, moving },
        )
        const back = pull(cotangent)
        // Multiplied, for a result is the caller's own and this one came in.
        const passed = mapTree((x) => mul(x, 1), cotangent)
        return { params: back.params, input: owed(back.input), carry: withVelocity(passed, back.moving) }
      },
    )
    return {
      forward: async (...args) => ({ carry: await take(...args), kept: [] }),
      backward: (params, common, carry, input, _, cotangent) => adjoint(params, common, carry, input, cotangent),
    }
  }
}

/** A carry with another velocity, where it has one. */
const withVelocity = (carry: Tree, [velocity]: readonly Tree[]): Tree =>
  velocity === undefined ? carry : { weights: (carry as MovingWeights).weights, velocity }
