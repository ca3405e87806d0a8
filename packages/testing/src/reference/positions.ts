/** Row-major strides of a shape. */
export function stridesOf(shape: readonly number[]): number[] {
  const strides = new Array<number>(shape.length).fill(1)
  for (let axis = shape.length - 2; axis >= 0; axis--) strides[axis] = strides[axis + 1]! * shape[axis + 1]!
  return strides
}

/** For every element of a block of `shape`, in row-major order, its flat position in an array with these strides. */
export function positions(shape: readonly number[], strides: readonly number[], offset = 0): Int32Array {
  let found = Int32Array.of(offset)
  shape.forEach((length, axis) => {
    const next = new Int32Array(found.length * length)
    for (let i = 0; i < found.length; i++)
      for (let j = 0; j < length; j++) next[i * length + j] = found[i]! + j * strides[axis]!
    found = next
  })
  return found
}

/** Positions in a tensor of shape `from` that broadcasts to `to`. */
export function broadcastPositions(from: readonly number[], to: readonly number[]): Int32Array {
  const strides = stridesOf(from)
  const lead = to.length - from.length
  return positions(
    to,
    to.map((_, axis) => (axis < lead || from[axis - lead] === 1 ? 0 : strides[axis - lead]!)),
  )
}
