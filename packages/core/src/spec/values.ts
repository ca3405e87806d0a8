/** Element types of tensors. */
export type DType = 'float32' | 'int32'

/** Stored elements of a tensor. */
export type Values = Float32Array | Int32Array

/** How many elements a shape holds. */
export const sizeOf = (shape: readonly number[]): number => shape.reduce((product, length) => product * length, 1)
