import { mapTree, mul, vjp, type MovingWeights, type Tree } from '@haba/core'
import type { CompiledStep, Differentiation, Step, StepGradient } from './stepper.js'

/**
 * TESLA's gradient (Cui et al., ICML 2023). The weights before each step are held constant, so the cotangent of the last
 * weights passes every step unchanged and no Hessian is needed. With student steps `θ - α g` the gradient of a step is
 * `-α ∂⟨g, λ⟩/∂x`, `λ = 2(θ_N - θ*)/‖θ_0 - θ*‖²`. It is exact for the last step and an approximation for earlier ones; the
 * gradient of the step size is truncated in the same way. With momentum the velocity, which is linear in the gradients, is
 * still differentiated: the gradient of a step's input includes its effect on all later steps through the velocity.
 */
export const tesla: Differentiation = { name: 'tesla', compile: truncated((input) => input) }

/**
 * TESLA as released, for its published numbers: the gradients of inputs are halved, because the released factor 2 multiplies
 * a tuple. The gradient of the step size is not halved.
 */
export const teslaReleased: Differentiation = {
  name: 'tesla, released',
  compile: truncated((input) => mapTree((x) => mul(x, 0.5), input)),
}

/** A step with constant weights: the cotangent of the next step is that of the last one. */
function truncated(ofInput: (input: Tree) => Tree): Differentiation['compile'] {
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
        // Multiplied by 1 to make a new tensor: the caller owns results, and this one is an argument.
        const passed = mapTree((x) => mul(x, 1), cotangent)
        return { params: back.params, input: ofInput(back.input), carry: withVelocity(passed, back.moving) }
      },
    )
    return {
      forward: async (...args) => ({ carry: await take(...args), kept: [] }),
      backward: (params, common, carry, input, _, cotangent) => adjoint(params, common, carry, input, cotangent),
    }
  }
}

/** The carry with another velocity, if it has one. */
const withVelocity = (carry: Tree, [velocity]: readonly Tree[]): Tree =>
  velocity === undefined ? carry : { weights: (carry as MovingWeights).weights, velocity }
