import type { Scalar, Tensor } from '@tensorflow/tfjs-core'
import { HabaError } from '../errors.js'
import { alias } from '../ops/apply.js'
import { add } from '../ops/elementwise.js'
import { fill, zerosLike } from '../ops/sources.js'
import type { Tree } from '../spec/tree.js'
import { mapTree, tensorLeaves, withTensors } from '../tree/tree.js'
import { watchingPlainOps } from './plain-ops.js'
import { isRecording, record, recordOf, recording } from './record.js'

/** A function's value and its vector-Jacobian product. */
export interface Pulled<P extends Tree, R extends Tree> {
  readonly value: R
  /** The vector-Jacobian product: the gradient of ⟨value, cotangent⟩ with respect to the parameters. */
  pull(cotangent: R): P
}

/**
 * Evaluates `fn` and prepares its reverse derivative. Derivatives nest to any order, because `pull` itself consists of ops.
 * Only `params` is differentiated; a tensor that `fn` captures is a constant.
 *
 * @throws HabaError naming the kernel if a result depends on `params` through one of tfjs's own ops
 */
export function vjp<P extends Tree, R extends Tree>(fn: (params: P) => R, params: P): Pulled<P, R> {
  const fresh = mapTree(independent, params)
  const { result: value, since } = recording(() => watchingPlainOps(() => fn(fresh)))
  return {
    value,
    pull: (cotangent) =>
      withTensors(params, backward(tensorLeaves(value), tensorLeaves(cotangent), tensorLeaves(fresh), since)),
  }
}

/** An alias of a tensor: this derivative stops at it, an outer one passes through it. */
function independent(x: Tensor): Tensor {
  const fresh = alias(x)
  if (isRecording()) record(fresh, [x], (dy) => [() => dy])
  return fresh
}

function backward(
  outputs: readonly Tensor[],
  cotangents: readonly Tensor[],
  xs: readonly Tensor[],
  since: number,
): readonly Tensor[] {
  const order = ancestors(outputs, since)
  const depends = new Set<Tensor>(xs)
  for (const t of order) if (recordOf(t)!.inputs.some((input) => depends.has(input))) depends.add(t)

  const gradients = new Map<Tensor, Tensor>()
  const accumulate = (t: Tensor, gradient: Tensor) => {
    const before = gradients.get(t)
    gradients.set(t, before ? add(before, gradient) : gradient)
  }
  outputs.forEach((output, i) => depends.has(output) && accumulate(output, cotangents[i]!))
  for (const t of order.reverse()) {
    const dy = gradients.get(t)
    if (!dy || !depends.has(t)) continue
    const { inputs, pullback } = recordOf(t)!
    const parts = pullback(dy)
    inputs.forEach((input, i) => {
      if (depends.has(input) && parts[i]) accumulate(input, parts[i]())
    })
  }
  return xs.map((x) => gradients.get(x) ?? zerosLike(x))
}

/** Every tensor recorded after `since` that the outputs depend on, oldest first. */
function ancestors(outputs: readonly Tensor[], since: number): Tensor[] {
  const seen = new Set<Tensor>()
  const pending = [...outputs]
  while (pending.length > 0) {
    const t = pending.pop()!
    const made = recordOf(t)
    if (!made || made.sequence <= since || seen.has(t)) continue
    seen.add(t)
    pending.push(...made.inputs)
  }
  return [...seen].sort((a, b) => recordOf(a)!.sequence - recordOf(b)!.sequence)
}

/** The value of a scalar function and its gradient with respect to `params`. */
export function valueAndGrad<P extends Tree>(
  fn: (params: P) => Scalar,
  params: P,
): { readonly value: Scalar; readonly grad: P } {
  const { value, pull } = vjp<P, Scalar>(fn, params)
  if (value.rank !== 0)
    throw new HabaError(
      'valueAndGrad',
      'a function with a scalar result',
      `shape [${value.shape}]`,
      'Sum or average it.',
    )
  return { value, grad: pull(fill([], 1)) }
}

/** The gradient of a scalar function with respect to `params`. */
export const grad = <P extends Tree>(fn: (params: P) => Scalar, params: P): P => valueAndGrad(fn, params).grad
