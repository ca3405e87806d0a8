import { sizeOf } from '@haba/core'
import type { Emitter } from './emitter.js'
import { axesOf, expanded, holdsOrder, laidOut, numeric, reordered, stored, storedShape, type Value } from './value.js'
import { areSmall } from './convolution.js'
import type { Lowering, Lowerings, NodeOf } from './lowering.js'
import { imageOrder, planeOrder } from './orders.js'
import { areWorthTiling } from './winograd.js'

type Four = readonly [number, number, number, number]
type PoolAttributes = NodeOf<'avgPool'>['attributes']

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
  // Every plane is treated alike, and stays where it lies.
  const order = [planeOrder, imageOrder].find((one) => holdsOrder(x, one)) ?? orderOfMaps(emit, x.shape)
  const image = laidOut(emit, x, order)
  const [, rows, columns] = node.shape as Four
  const [, height, width] = x.shape as Four
  const line = size[0] * width
  if (emit.traits.pooling === 'operator' || line > longestLine || !tileTheHeight(node.attributes, rows, height))
    return stored(emit.op('AveragePool', [image.name], { kernel_shape: size, strides }), node.shape, order)
  // A row of windows is a row times a matrix, several times as fast.
  const shares = sharesInLine(node.attributes, columns, width)
  const planes = order.slice(0, 2).map((axis) => x.shape[axis]!)
  const lines = sizeOf(planes) * rows
  const windows = emit.reshape(image.name, storedShape(image), [lines, line])
  const name = emit.op('MatMul', [windows, emit.constant(transposed(shares, columns), [line, columns])])
  return stored(emit.reshape(name, [lines, columns], [...planes, rows, columns]), node.shape, order)
}

/** Averages of longer lines are left to onnxruntime. */
const longestLine = 128

const tileTheHeight = ({ size, strides }: PoolAttributes, rows: number, height: number) =>
  size[0] === strides[0] && rows * size[0] === height

/** The order in which convolutions give maps of that shape. */
const orderOfMaps = (emit: Emitter, shape: readonly number[]) =>
  areSmall(emit, shape) && !areWorthTiling(emit, shape as Four, shape as Four) ? planeOrder : imageOrder

const transposed = (matrix: readonly number[], rows: number): number[] =>
  matrix.map((_, i) => matrix[(i % rows) * (matrix.length / rows) + Math.floor(i / rows)]!)

/** `[from, to]`: spreads each window's value over the window's places, divided by the number of them. */
function spreading(from: number, to: number, size: number, stride: number): number[] {
  return Array.from({ length: from * to }, (_, i) => {
    const offset = (i % to) - Math.floor(i / to) * stride
    return offset >= 0 && offset < size ? 1 / size : 0
  })
}

/** `[columns, size[0] * width]`: what each pixel in a row of windows, of `size[0]` rows of pixels, is of a window's average. */
function sharesInLine({ size, strides }: PoolAttributes, columns: number, width: number): number[] {
  const row = spreading(columns, width, size[1], strides[1])
  const line = size[0] * width
  return Array.from({ length: columns * line }, (_, i) => row[Math.floor(i / line) * width + (i % width)]! / size[0])
}

/** Linear in each direction of the image: a matrix on its left and one on its right, whatever windows overlap. */
const avgPoolInput: Lowering<'avgPoolInput'> = (emit, node, [dy]) => {
  const { size, strides } = node.attributes
  const [batch, height, width, channels] = node.shape as Four
  const [, rows, columns] = dy.shape as Four
  if (rows === 1 && columns === 1 && size[0] === height && size[1] === width) {
    // One window over everything: its share is the same everywhere, and stays unwritten.
    const value = numeric(emit, dy)
    const name = emit.op('Mul', [value.name, emit.constant([1 / (height * width)], [])])
    return { ...value, name, shape: node.shape }
  }
  const order = orderOfMaps(emit, node.shape)
  const image = laidOut(emit, dy, order)
  const planes = batch * channels
  const outer = order === planeOrder ? [channels, batch] : [batch, channels]
  const result = (name: string, from: readonly number[]) =>
    stored(emit.reshape(name, from, [...outer, height, width]), node.shape, order)
  if (tileTheHeight(node.attributes, rows, height)) {
    // Each row of windows becomes `size[0]` equal rows, all from one product.
    const line = size[0] * width
    const lines = emit.reshape(image.name, [...outer, rows, columns], [planes * rows, columns])
    const shares = emit.constant(sharesInLine(node.attributes, columns, width), [columns, line])
    return result(emit.op('MatMul', [lines, shares]), [planes * rows, line])
  }
  const right = spreading(columns, width, size[1], strides[1])
  const lines = emit.reshape(image.name, [...outer, rows, columns], [planes, rows, columns])
  const widened = emit.op('MatMul', [lines, emit.constant(right, [columns, width])])
  const down = spreading(rows, height, size[0], strides[0])
  const name = emit.op('MatMul', [emit.constant(transposed(down, rows), [height, rows]), widened])
  return result(name, [planes, height, width])
}

export const linear: Lowerings<'matMul' | 'avgPool' | 'avgPoolInput'> = { matMul, avgPool, avgPoolInput }
