import type { Emitter } from './emitter.js'
import { axesOf, holdsOrder, laidOut, type Value } from './value.js'

/** Kernels as onnx wants them: `[out, in, height, width]`. */
export const kernelOrder = [3, 2, 0, 1]

/** Kernels with in and out exchanged: `[in, out, height, width]`. */
export const exchangedOrder = [2, 3, 0, 1]

/** Kernels in one of these orders. From the logical order a CPU takes six times as long for a transpose of all axes at once. */
export function kernelIn(emit: Emitter, kernel: Value, order: readonly number[]): string {
  const logical = axesOf(order)
  const inSteps = emit.traits.transposedBatches === 'read' && !holdsOrder(kernel, order) && holdsOrder(kernel, logical)
  if (!inSteps) return laidOut(emit, kernel, order).name
  const { name } = laidOut(emit, kernel, logical)
  const [height, width, inside, out] = kernel.shape as readonly [number, number, number, number]
  const taps = height * width
  const lengths = order.map((axis) => kernel.shape[axis]!)
  if (order === exchangedOrder) {
    const pairs = turnedAround(emit, emit.reshape(name, kernel.shape, [taps, inside * out]), taps)
    return emit.reshape(pairs, [inside * out, taps], lengths)
  }
  const outFirst = emit.op('Transpose', [emit.reshape(name, kernel.shape, [taps * inside, out])], { perm: [1, 0] })
  const turned = turnedAround(emit, emit.reshape(outFirst, [out, taps * inside], [out, taps, inside]), taps)
  return emit.reshape(turned, [out, inside, taps], lengths)
}

/** On a CPU, `[…, taps, channels]` as `[…, channels, taps]`: as a product with the identity, several times as fast as a transpose. */
export function turnedAround(emit: Emitter, name: string, taps: number): string {
  const identity = emit.constant(
    permutation(taps, (i) => i),
    [taps, taps],
  )
  return emit.op('FusedMatMul', [name, identity], { transA: 1 }, 'com.microsoft')
}

/** The matrix that brings element i to place `to(i)`. */
export const permutation = (length: number, to: (i: number) => number): number[] =>
  Array.from({ length: length * length }, (_, i) => (i % length === to(Math.floor(i / length)) ? 1 : 0))
