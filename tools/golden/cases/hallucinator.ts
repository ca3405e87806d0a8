import { rowsOf, vjp, type Tree } from '@haba/core'
import type { Tensor } from '@tensorflow/tfjs-core'
import type { GoldenCase } from '../golden-case.js'
import { imagesOf, planesOf, reshaped } from '../layouts.js'
import { factorizedSet, HALLUCINATOR_PARTS } from '../sets.js'

/** One hallucinator on a batch of bases, and the gradient of its output times a cotangent. */
export const hallucinator: GoldenCase = async ({ engine, tensor }) => {
  const base = tensor('base')
  const bases = reshaped(base, [1, ...base.shape])
  const set = await factorizedSet(bases, 1, (_, name) => tensor(`param.${name}`))
  const rows = rowsOf(set.slots([...Array(base.shape[0]).keys()]), 0)
  const compute = engine.compile('hallucinator', (params: Tree, cotangent: Tensor) => {
    const { value, pull } = vjp((x: Tree) => set.parameterization.render(x, rows).images, params)
    return { output: value, gradient: pull(cotangent as typeof value) }
  })
  const { output, gradient } = await compute(set.params, imagesOf(tensor('cotangent')))
  const named = set.named(gradient)
  return {
    output: { expected: tensor('output'), got: planesOf(output), order: 1 },
    'grad.base': { expected: tensor('grad.base'), got: reshaped(named['bases']!, base.shape), order: 1 },
    ...Object.fromEntries(
      HALLUCINATOR_PARTS.map((name) => [
        `grad.${name}`,
        { expected: tensor(`grad.${name}`), got: named[`hallucinator.0.${name}`]!, order: 1 as const },
      ]),
    ),
  }
}
