import type { Tensor } from '@tensorflow/tfjs-core'

/** For each operand, how to get its gradient; undefined where the operation has none (indices, masks). */
export type Pullback = (dy: Tensor) => readonly ((() => Tensor) | undefined)[]

export interface Recorded {
  readonly sequence: number
  readonly inputs: readonly Tensor[]
  readonly pullback: Pullback
}

// How a tensor came about, for as long as the tensor lives. Recorded only inside a derivative.
const records = new WeakMap<Tensor, Recorded>()
let depth = 0
let sequence = 0

export const recordOf = (tensor: Tensor): Recorded | undefined => records.get(tensor)

export const isRecording = (): boolean => depth > 0

export function record(result: Tensor, inputs: readonly Tensor[], pullback: Pullback): void {
  records.set(result, { sequence: ++sequence, inputs, pullback })
}

/** Runs `fn` with recording on; tells the sequence number before it, so that a derivative never looks further back. */
export function recording<R>(fn: () => R): { readonly result: R; readonly since: number } {
  const since = sequence
  depth++
  try {
    return { result: fn(), since }
  } finally {
    depth--
  }
}
