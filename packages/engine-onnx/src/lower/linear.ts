import type { Emitter } from '../emitter.js'
import { axesOf, expanded, holdsOrder, laidOut, numeric, reordered, stored, type Value } from '../value.js'
import { areSmall } from './convolution.js'
import type { Lowering, Lowerings } from './lowering.js'
import { imageOrder, planeOrder } from './orders.js'

/**
 * Reads a matrix as it is stored: with its last two axes exchanged it is a transposed operand, not a transposed array.
 *
 * @param read whether the product takes transposed operands
 */
function matrix(emit: Emitter, x: Value, transposed: boolean, inner: number, read: boolean): readonly [Value, boolean] {
  const value = expanded(emit, numeric(emit, x), [inner])
  const axes = axesOf(value.shape)
  const exchanged = [...axes.slice(0, -2), axes.length - 1, axes.length - 2]
  if (!read) return [reordered(emit, value, transposed ? exchanged : axes), false]
  if (!holdsOrder(value, axes) && holdsOrder(value, exchanged)) return [reordered(emit, value, exchanged), !transposed]
  return [reordered(emit, value, axes), transposed]
}

const matMul: Lowering<'matMul'> = (emit, node, [x, y]) => {
  const { transposeA, transposeB } = node.attributes
  const rank = node.shape.length
  const read = rank === 2 || emit.traits.transposedBatches === 'read'
  const [a, transA] = matrix(emit, x, transposeA, rank - (transposeA ? 2 : 1), read)
  const [b, transB] = matrix(emit, y, transposeB, rank - (transposeB ? 1 : 2), read)
  const operands = [a.name, b.name]
  const flags = { transA: Number(transA), transB: Number(transB) }
  const name =
    !transA && !transB
      ? emit.op('MatMul', operands)
      : rank === 2
        ? emit.op('Gemm', operands, flags)
        : emit.op('FusedMatMul', operands, flags, 'com.microsoft')
  const extent = node.shape.map((_, axis) =>
    axis === rank - 2
      ? a.extent[rank - (transposeA ? 1 : 2)]!
      : axis === rank - 1
        ? b.extent[rank - (transposeB ? 2 : 1)]!
        : Math.max(a.extent[axis]!, b.extent[axis]!),
  )
  return { name, shape: node.shape, extent, order: axesOf(node.shape), dtype: node.dtype }
}

const avgPool: Lowering<'avgPool'> = (emit, node, [x]) => {
  const { size, strides } = node.attributes
  const order = orderOfMaps(emit, x)
  const image = laidOut(emit, x, order)
  return stored(emit.op('AveragePool', [image.name], { kernel_shape: size, strides }), node.shape, order)
}

/** Pooling treats every plane alike: planes stay as they lie, or come as convolutions give maps of that size. */
const orderOfMaps = (emit: Emitter, maps: Value, shape = maps.shape) =>
  [planeOrder, imageOrder].find((order) => holdsOrder(maps, order)) ?? (areSmall(emit, shape) ? planeOrder : imageOrder)

/** `[from, to]`: spreads each window's value over the window's places, divided by the number of them. */
function spreading(from: number, to: number, size: number, stride: number): number[] {
  return Array.from({ length: from * to }, (_, i) => {
    const offset = (i % to) - Math.floor(i / to) * stride
    return offset >= 0 && offset < size ? 1 / size : 0
  })
}

/** Linear in each direction of the image: a matrix on its left and one on its right, whatever windows overlap. */
const avgPoolInput: Lowering<'avgPoolInput'> = (emit, node, [dy]) => {
  const { size, strides } = node.attributes
  const [batch, height, width, channels] = node.shape as readonly [number, number, number, number]
  const [rows, columns] = [dy.shape[1]!, dy.shape[2]!]
  if (rows === 1 && columns === 1 && size[0] === height && size[1] === width) {
    // One window over everything: its share is the same everywhere, and stays unwritten.
    const value = numeric(emit, dy)
    const name = emit.op('Mul', [value.name, emit.constant([1 / (height * width)], [])])
    return { ...value, name, shape: node.shape }
  }
  const order = orderOfMaps(emit, dy, node.shape)
  const image = laidOut(emit, dy, order)
  const planes = batch * channels
  const outer = order === planeOrder ? [channels, batch] : [batch, channels]
  const result = (name: string, from: readonly number[]) =>
    stored(emit.reshape(name, from, [...outer, height, width]), node.shape, order)
  const right = spreading(columns, width, size[1], strides[1])
  if (size[0] === strides[0] && rows * size[0] === height) {
    // Windows that tile the height: each row of windows becomes `size[0]` equal rows, all from one product.
    const wide = Array.from({ length: columns * size[0] * width }, (_, i) => {
      const [column, place] = [Math.floor(i / (size[0] * width)), i % width]
      return right[column * width + place]! / size[0]
    })
    const lines = emit.reshape(image.name, [...outer, rows, columns], [planes * rows, columns])
    const name = emit.op('MatMul', [lines, emit.constant(wide, [columns, size[0] * width])])
    return result(name, [planes * rows, size[0] * width])
  }
  const lines = emit.reshape(image.name, [...outer, rows, columns], [planes, rows, columns])
  const widened = emit.op('MatMul', [lines, emit.constant(right, [columns, width])])
  const down = spreading(rows, height, size[0], strides[0])
  const left = down.map((_, i) => down[(i % rows) * height + Math.floor(i / rows)]!)
  const name = emit.op('MatMul', [emit.constant(left, [height, rows]), widened])
  return result(name, [planes, height, width])
}

export const linear: Lowerings<'matMul' | 'avgPool' | 'avgPoolInput'> = { matMul, avgPool, avgPoolInput }
