import type { Tensor } from '@tensorflow/tfjs-core'

/** Computes the gradient of each operand; undefined for operands without one (indices, masks). */
export type Pullback = (dy: Tensor) => readonly ((() => Tensor) | undefined)[]

export interface Recorded {
  readonly sequence: number
  readonly inputs: readonly Tensor[]
  readonly pullback: Pullback
}

// The operation that made each tensor. Weak, so that a record lives no longer than its tensor; filled only inside a derivative.
const records = new WeakMap<Tensor, Recorded>()
let depth = 0
let sequence = 0

export const recordOf = (tensor: Tensor): Recorded | undefined => records.get(tensor)

export const isRecording = (): boolean => depth > 0

export function record(result: Tensor, inputs: readonly Tensor[], pullback: Pullback): void {
  records.set(result, { sequence: ++sequence, inputs, pullback })
}

/** Runs `fn` with recording on. `since` is the sequence number before it: a derivative never looks further back. */
export function recording<R>(fn: () => R): { readonly result: R; readonly since: number } {
  const since = sequence
  depth++
  try {
    return { result: fn(), since }
  } finally {
    depth--
  }
}
