import { sizeOf, type DType } from '@haba/core'
import type { Emitter } from './emitter.js'
import { dataType } from './onnx-model.js'

/**
 * A value of a program on its way to onnx: which array holds it, and how. Layout and broadcasting are bookkeeping as
 * long as they can be, so that most transposes and copies are never emitted.
 */
export interface Value {
  /** The onnx name of the array. */
  readonly name: string
  /** The logical shape: images `[batch, height, width, channels]`, kernels `[height, width, in, out]`. */
  readonly shape: readonly number[]
  /** Stored length of each logical axis: that of `shape`, or 1 where the value is the same all along the axis. */
  readonly extent: readonly number[]
  /** Axis i of the array is logical axis `order[i]`. */
  readonly order: readonly number[]
  readonly dtype: DType
  /** Stored as bool, standing for 0 and 1 of `dtype`. */
  readonly mask?: boolean
  /** Emits the convolution that made this value again, with a bias `[channels]` inside. */
  readonly withBias?: (bias: string) => string
  /** The two arrays, stored alike, of which this value is the product: their sum needs no product to be written. */
  readonly product?: readonly [string, string]
}

/** The value without what is known of how it was made. */
export const plain = (value: Value): Value => ({ ...value, withBias: undefined, product: undefined })

export const axesOf = (shape: readonly unknown[]): number[] => shape.map((_, axis) => axis)

export const sameNumbers = (a: readonly number[], b: readonly number[]): boolean =>
  a.length === b.length && a.every((x, i) => x === b[i])

export const isIdentity = (order: readonly number[]): boolean => order.every((axis, i) => axis === i)

/** A value stored whole, by default with its axes in logical order. */
export const stored = (
  name: string,
  shape: readonly number[],
  order: readonly number[] = axesOf(shape),
  dtype: DType = 'float32',
): Value => ({ name, shape, extent: shape, order, dtype })

/** The shape of the array itself. */
export const storedShape = ({ order, extent }: Value): number[] => order.map((axis) => extent[axis]!)

/** The axes that have a length, in the order of the array: two orders that agree here hold the same array. */
export const movingAxes = ({ extent }: Value, order: readonly number[]): number[] =>
  order.filter((axis) => extent[axis] !== 1)

export const holdsOrder = (value: Value, order: readonly number[]): boolean =>
  sameNumbers(movingAxes(value, value.order), movingAxes(value, order))

/** Stores the axes in another order: a transpose, or a reshape where only axes of length 1 move. */
export function reordered(emit: Emitter, value: Value, order: readonly number[]): Value {
  if (sameNumbers(value.order, order)) return value
  const { name, shape, extent, dtype, mask } = value
  const next: Value = { name, shape, extent, order, dtype, mask }
  return {
    ...next,
    name: holdsOrder(value, order)
      ? emit.reshape(name, storedShape(value), storedShape(next))
      : emit.op('Transpose', [name], { perm: order.map((axis) => value.order.indexOf(axis)) }),
  }
}

/** Writes out the broadcast axes among `axes`, by default all. */
export function expanded(emit: Emitter, value: Value, axes: readonly number[] = axesOf(value.shape)): Value {
  const extent = value.extent.map((length, axis) => (axes.includes(axis) ? value.shape[axis]! : length))
  if (sameNumbers(extent, value.extent)) return value
  const next: Value = { ...value, extent }
  return { ...next, name: emit.op('Expand', [value.name, emit.integers(storedShape(next))]) }
}

/** Written out, with its axes in `order`. */
export const laidOut = (emit: Emitter, value: Value, order: readonly number[]): Value =>
  expanded(emit, reordered(emit, numeric(emit, value), order))

/** Puts axes of length 1 before the others until there are `rank`. */
export function withRank(emit: Emitter, value: Value, rank: number): Value {
  const missing = rank - value.shape.length
  if (missing === 0) return value
  const ones = Array<number>(missing).fill(1)
  const next: Value = {
    ...value,
    shape: [...ones, ...value.shape],
    extent: [...ones, ...value.extent],
    order: [...axesOf(ones), ...value.order.map((axis) => axis + missing)],
  }
  return { ...next, name: emit.reshape(value.name, storedShape(value), storedShape(next)) }
}

/** Turns a mask into numbers. */
export function numeric(emit: Emitter, value: Value): Value {
  if (!value.mask) return value
  return { ...value, mask: false, name: emit.op('Cast', [value.name], { to: dataType(value.dtype) }) }
}

/** Brings operands of one operation to one rank and one order, that of the biggest, and tells what results. */
export function aligned(emit: Emitter, operands: readonly Value[], rank: number) {
  const ranked = operands.map((operand) => withRank(emit, operand, rank))
  const lead = ranked.reduce((best, operand) => {
    const [was, is] = [sizeOf(best.extent), sizeOf(operand.extent)]
    // At equal size the layout that some convolution asked for is worth more than the logical one.
    return is > was || (is === was && isIdentity(best.order)) ? operand : best
  })
  const values = ranked.map((operand) => reordered(emit, operand, lead.order))
  const extent = lead.extent.map((_, axis) => Math.max(...values.map((value) => value.extent[axis]!)))
  return { values, order: lead.order, extent }
}
