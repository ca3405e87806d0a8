import type { Rank, Tensor } from '@tensorflow/tfjs-core'
import { isRecording, record, type Pullback } from '../autodiff/record.js'
import type { DType, Primitive, PrimitiveAttributes } from '../compile/graph.js'
import { activeTrace } from '../compile/trace.js'
import { runEagerly, share } from './kernels.js'

/**
 * The one door through which every operation goes: into the program being traced, or straight to the current tfjs
 * backend; and, inside a derivative, onto the record. Operations with no gradient pass no `pullback`.
 */
export function apply<P extends Primitive, R extends Rank = Rank>(
  op: P,
  inputs: readonly Tensor[],
  attributes: PrimitiveAttributes[P],
  shape: readonly number[],
  pullback?: Pullback,
  dtype: DType = 'float32',
): Tensor<R> {
  const trace = activeTrace()
  const result = trace
    ? trace.record(op, inputs, attributes, shape, dtype)
    : runEagerly(op, inputs, attributes, shape, dtype)
  if (pullback && isRecording()) record(result, inputs, pullback)
  return result as Tensor<R>
}

/** The same value as a new tensor that nothing is known about: a derivative stops there. */
export function alias<T extends Tensor>(x: T): T {
  const trace = activeTrace()
  return (trace ? trace.alias(x) : share(x)) as T
}

/** The same value, held constant in every derivative. */
export const stopGradient = <R extends Rank>(x: Tensor<R>): Tensor<R> => alias(x)
