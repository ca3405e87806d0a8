import { customGrad, type Rank, type Tensor } from '@tensorflow/tfjs-core'
import { isRecording, record, type Pullback } from '../autodiff/record.js'
import type { Primitive, PrimitiveAttributes } from '../compile/graph.js'
import type { DType } from '../spec/values.js'
import { activeTrace } from '../compile/trace.js'
import { HabaError } from '../errors.js'
import { runEagerly, share } from './kernels.js'

/**
 * Every operation goes through this function: into the program being traced, or to the current tfjs backend. Inside a
 * derivative the operation is recorded. Operations without a gradient pass no `pullback`. The calling op gives the rank,
 * which is that of `shape`.
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
      'tensors that are not disposed',
      'a disposed one',
      'A derivative needs the intermediate results of its function: put tf.tidy around `grad`, not inside the function.',
    )
  const trace = activeTrace()
  const result = trace
    ? trace.record(op, inputs, attributes, shape, dtype)
    : runEagerly(op, inputs, attributes, shape, dtype)
  if (pullback && isRecording()) record(result, inputs, pullback)
  // The signatures of the ops guarantee the rank; a computed shape has no static one.
  return result as Tensor<R>
}

/** A copy without history; gradients stop here. */
export function alias<T extends Tensor>(x: T): T {
  const trace = activeTrace()
  return (trace ? trace.alias(x) : share(x)) as T
}

/** Identity whose gradient is zero in tfjs's own derivatives, too. */
const held = customGrad((x) => ({
  value: share(x as Tensor),
  gradFunc: (dy: Tensor) => runEagerly('fill', [], { value: 0 }, dy.shape, 'float32'),
}))

/** The same value as a constant of every derivative, `tf.grad` included. */
export const stopGradient = <R extends Rank>(x: Tensor<R>): Tensor<R> =>
  (activeTrace() ? alias(x) : held(x)) as Tensor<R>
