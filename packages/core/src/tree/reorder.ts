import type { Values } from '../spec/values.js'

/**
 * Copies an array from one order of axes to another: axis i is logical axis `from[i]` before and `to[i]` after.
 *
 * @param shape the lengths of the logical axes
 */
export function reorderAxes<V extends Values>(
  values: V,
  shape: readonly number[],
  from: readonly number[],
  to: readonly number[],
): V {
  const strides = new Array<number>(shape.length)
  let stride = 1
  for (const axis of from.toReversed()) {
    strides[axis] = stride
    stride *= shape[axis]!
  }
  const result = new (values.constructor as new (length: number) => V)(values.length)
  const last = to.at(-1) ?? 0
  const [run, step] = [shape[last] ?? 1, strides[last] ?? 1]
  const outer = to.slice(0, -1)
  const index = outer.map(() => 0)
  let offset = 0
  for (let i = 0; i < result.length;) {
    for (let k = 0, at = offset; k < run; k++, at += step) result[i++] = values[at]!
    for (let j = outer.length - 1; j >= 0; j--) {
      const axis = outer[j]!
      offset += strides[axis]!
      if (++index[j]! < shape[axis]!) break
      offset -= strides[axis]! * shape[axis]!
      index[j] = 0
    }
  }
  return result
}
