import { customGrad, type Rank, type Tensor } from '@tensorflow/tfjs-core'
import { isRecording, record, type Pullback } from '../autodiff/record.js'
import type { Primitive, PrimitiveAttributes } from '../compile/graph.js'
import type { DType } from '../spec/values.js'
import { activeTrace } from '../compile/trace.js'
import { HabaError } from '../errors.js'
import { runEagerly, share } from './kernels.js'

/**
 * The one door through which every operation goes: into the program being traced, or straight to the current tfjs
 * backend; and, inside a derivative, onto the record. Operations with no gradient pass no `pullback`. Its caller, an op, says
 * the rank: that of `shape`.
 */
export function apply<P extends Primitive, R extends Rank = Rank>(
  op: P,
  inputs: readonly Tensor[],
  attributes: PrimitiveAttributes[P],
  shape: readonly number[],
  pullback?: Pullback,
  dtype: DType = 'float32',
): Tensor<R> {
  if (inputs.some((x) => x.isDisposed))
    throw new HabaError(
      op,
      'tensors that live',
      'a disposed one',
      'A derivative needs what its function computed: put tf.tidy around `grad`, not inside the function.',
    )
  const trace = activeTrace()
  const result = trace
    ? trace.record(op, inputs, attributes, shape, dtype)
    : runEagerly(op, inputs, attributes, shape, dtype)
  if (pullback && isRecording()) record(result, inputs, pullback)
  // The ops' own signatures hold what ranks are; a shape that is computed has none.
  return result as Tensor<R>
}

/** The same value as a new tensor that nothing is known about: a derivative stops there. */
export function alias<T extends Tensor>(x: T): T {
  const trace = activeTrace()
  return (trace ? trace.alias(x) : share(x)) as T
}

/** Identity with a gradient of zero for the derivatives of tfjs, which go through any kernel that has one. */
const held = customGrad((x) => ({
  value: share(x as Tensor),
  gradFunc: (dy: Tensor) => runEagerly('fill', [], { value: 0 }, dy.shape, 'float32'),
}))

/** The same value, held constant in every derivative, `tf.grad`'s too. */
export const stopGradient = <R extends Rank>(x: Tensor<R>): Tensor<R> =>
  (activeTrace() ? alias(x) : held(x)) as Tensor<R>
