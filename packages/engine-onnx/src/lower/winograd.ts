import { sizeOf, type ConvolutionAttributes } from '@haba/core'
import type { Emitter } from './emitter.js'
import { holdsOrder, laidOut, stored, storedShape, type Value } from './value.js'
import { exchangedOrder, kernelOrder } from './kernels.js'
import { imageOrder } from './orders.js'

type Four = readonly [number, number, number, number]

/** Pixels of the result along one side of a tile, and values of its transform, one for each point and infinity. */
const tile = 4
const points = [0, 3 / 4, -3 / 4, 3 / 2, -3 / 2] as const
const coefficients = points.length + 1

/**
 * Where polynomials are multiplied. With 0, ±3/4, ±3/2 rounding is three to five times that of the convolution as defined
 * (measured with 128 channels: 7e-7 to 1.2e-6 of the deviation of the results, and 2e-7 to 4e-7); with the usual 0, ±1, ±2
 * it is twice that. Products of these points are exact in 32 bits. Choosing points: Barabasz et al., "Error analysis and
 * improving the accuracy of Winograd convolution for deep neural networks", 2020.
 */
const [inputTransform, kernelTransform, outputTransform] = transforms()

/** `y = Aᵀ[(G g) ⊙ (Bᵀ d)]` of Toom and Cook: 4 results of a filter of 3 taps in 6 products. */
function transforms() {
  const others = (j: number) => points.filter((_, k) => k !== j)
  const finite = points.map((point, j) => ({
    input: polynomial(others(j)),
    kernel: [0, 1, 2].map((power) => point ** power / others(j).reduce((product, p) => product * (point - p), 1)),
    output: Array.from({ length: tile }, (_, power) => point ** power),
  }))
  const infinity = { input: polynomial(points), kernel: [0, 0, 1], output: [0, 0, 0, 1] }
  const rows = [...finite, infinity]
  return [rows.map(({ input }) => input), rows.map(({ kernel }) => kernel), rows.map(({ output }) => output)] as const
}

/** Coefficients of `Π (x - root)`, the constant first, filled up to the values of a tile. */
function polynomial(roots: readonly number[]): number[] {
  const product = roots.reduce(
    (powers, root) => [...powers, 0].map((_, i) => (powers[i - 1] ?? 0) - root * (powers[i] ?? 0)),
    [1],
  )
  return Array.from({ length: coefficients }, (_, i) => product[i] ?? 0)
}

/** A convolution with a kernel `[height, width, in, out]`, of which some are tiled. */
interface Convolution extends ConvolutionAttributes {
  /** The shape of the result. */
  readonly to: Four
  /** Filters with the kernel turned by half a turn, from its `out` channels to its `in`. */
  readonly turned: boolean
}

/**
 * Winograd's filtering F(4 × 4, 3 × 3) (Lavin and Gray, "Fast algorithms for convolutional neural networks", CVPR 2016): 36
 * products for 16 pixels instead of 144. Everything is a matrix product. Overlapping tiles are cut out, transformed and
 * put together by banded matrices, one for each direction. Each of them transposes what it reads or writes, so that in
 * between all tiles of all images are rows of channels, 36 matrices of them, and nothing else is copied.
 *
 * @returns undefined where it is no filter of 3 × 3 pixels with stride 1, or where too little would be gained
 */
export function tiled(emit: Emitter, x: Value, kernel: Value, convolution: Convolution): Value | undefined {
  const { to, pads, strides, turned } = convolution
  if (!isTiled(emit, x.shape as Four, to, kernel.shape, strides)) return undefined
  const [batch, rows, columns, channels] = to
  const counts = tilesIn(to)
  const [down, across] = counts
  const tiles = intoTiles(emit, x, counts, (count, pixels, axis) => cutting(emit, count, pixels, pads[axis]))
  const { name, transposed } = transformedKernel(emit, kernel, turned)
  const filtered = product(emit, tiles, name, transposed && 'transB')

  const strips = [coefficients, coefficients * down, across * batch * channels]
  const each = emit.reshape(filtered, [coefficients ** 2, down * across * batch, channels], strips)
  const joinedDown = product(emit, each, joining(emit, down, rows), 'transA')
  const lines = [coefficients * across, batch * channels * rows]
  const bands = emit.reshape(joinedDown, [coefficients, across * batch * channels, rows], lines)
  const joined = product(emit, bands, joining(emit, across, columns), 'transA')
  return stored(emit.reshape(joined, [lines[1]!, columns], [batch, channels, rows, columns]), to, imageOrder)
}

/** The gradient in a kernel `[3, 3, in, out]`: the same the other way round, with a sum over all tiles in the middle. */
export function tiledFilter(
  emit: Emitter,
  x: Value,
  dy: Value,
  shape: readonly number[],
  { pads, strides }: ConvolutionAttributes,
): Value | undefined {
  if (!isTiled(emit, x.shape as Four, dy.shape as Four, shape, strides)) return undefined
  const [, , inside, out] = shape as Four
  const counts = tilesIn(dy.shape as Four)
  const from = intoTiles(emit, x, counts, (count, pixels, axis) => cutting(emit, count, pixels, pads[axis]))
  const to = intoTiles(emit, dy, counts, (count, pixels) => joining(emit, count, pixels))
  const [matrices, pairs] = [[coefficients ** 2, out, inside], out * inside]
  const values = emit.reshape(product(emit, to, from, 'transA'), matrices, [coefficients ** 2, pairs])
  const taps = product(emit, values, kernelMatrix(emit, false), 'transA')
  return stored(emit.reshape(taps, [pairs, 9], [out, inside, 3, 3]), shape, kernelOrder)
}

/** Tiles down and across a result. */
const tilesIn = ([, rows, columns]: Four) => [Math.ceil(rows / tile), Math.ceil(columns / tile)] as const

/**
 * `[36, tiles of all images, channels]`: the values of tiles, those across before those down.
 *
 * @param matrix `[values of tiles, pixels]` for a number of tiles in the direction of an axis, 0 down and 1 across
 */
function intoTiles(
  emit: Emitter,
  maps: Value,
  [down, across]: readonly [number, number],
  matrix: (tiles: number, pixels: number, axis: 0 | 1) => string,
): string {
  const [batch, height, width, channels] = maps.shape as Four
  const planes = batch * channels
  const image = laidOut(emit, maps, imageOrder)
  const lines = emit.reshape(image.name, storedShape(image), [planes * height, width])
  const cutAcross = product(emit, matrix(across, width, 1), lines, 'transB')
  const strips = emit.reshape(
    cutAcross,
    [coefficients * across, planes * height],
    [coefficients, across * planes, height],
  )
  const cut = product(emit, matrix(down, height, 0), strips, 'transB')
  const shape = [coefficients, coefficients * down, across * planes]
  return emit.reshape(cut, shape, [coefficients ** 2, down * across * batch, channels])
}

const product = (emit: Emitter, a: string, b: string, transposed?: 'transA' | 'transB' | false) =>
  transposed ? emit.op('FusedMatMul', [a, b], { [transposed]: 1 }, 'com.microsoft') : emit.op('MatMul', [a, b])

const isTiled = (
  emit: Emitter,
  from: Four,
  to: Four,
  [height, width]: readonly number[],
  strides: readonly number[],
): boolean => height === 3 && width === 3 && strides.every((stride) => stride === 1) && areWorthTiling(emit, from, to)

/** Below it, a processor whose direct convolutions are better might gain nothing. */
const leastGain = 1.7

/**
 * Whether a filter of 3 × 3 pixels is tiled: by the multiplications of either way, of which the transforms' count twice,
 * and those of kernels two and a half times (measured on two cores with AVX2).
 */
export function areWorthTiling({ traits }: Emitter, [batch, height, width, inside]: Four, to: Four): boolean {
  const [, rows, columns, out] = to
  const [high, wide] = tilesIn(to).map((count) => coefficients * count) as [number, number]
  const products = high * wide * inside * out * batch
  const cut = batch * inside * wide * (height * width + high * height)
  const joined = batch * out * wide * (high * rows + rows * columns)
  const kernels = coefficients ** 2 * 9 * inside * out
  const direct = 9 * sizeOf(to) * inside
  return traits.convolutions === 'tiled' && direct > leastGain * (products + 2 * (cut + joined) + 2.5 * kernels)
}

/** `[values of tiles, pixels]`: cuts overlapping tiles out of a line that is padded with zeros, and transforms them. */
function cutting(emit: Emitter, tiles: number, pixels: number, pad: number): string {
  const matrix = banded(tiles, pixels, (value, pixel, first) => inputTransform[value]![pixel + pad - first] ?? 0)
  return emit.constant(matrix, [coefficients * tiles, pixels])
}

/** `[values of tiles, pixels]`: transposed, it makes pixels of tiles' values, and puts them side by side. */
function joining(emit: Emitter, tiles: number, pixels: number): string {
  const matrix = banded(tiles, pixels, (value, pixel, first) => outputTransform[value]![pixel - first] ?? 0)
  return emit.constant(matrix, [coefficients * tiles, pixels])
}

/** Rows are the values of a transform, and for each of them the tiles; `first` is where a tile begins. */
const banded = (tiles: number, pixels: number, at: (value: number, pixel: number, first: number) => number): number[] =>
  Array.from({ length: coefficients * tiles * pixels }, (_, i) => {
    const row = Math.floor(i / pixels)
    return at(Math.floor(row / tiles), i % pixels, tile * (row % tiles))
  })

/** `[36, 9]`: the values of a kernel of its taps, row by row. */
function kernelMatrix(emit: Emitter, turned: boolean): string {
  const at = (value: number, tap: number) => kernelTransform[value]![turned ? 2 - tap : tap]!
  return emit.constant(
    Array.from({ length: coefficients ** 2 * 9 }, (_, i) => {
      const [value, tap] = [Math.floor(i / 9), i % 9]
      return at(Math.floor(value / coefficients), tap % 3) * at(value % coefficients, Math.floor(tap / 3))
    }),
    [coefficients ** 2, 9],
  )
}

/** Orders of kernels that are read as they are. */
const readOrders = [kernelOrder, exchangedOrder, [0, 1, 2, 3], [0, 1, 3, 2]] as const

/** A matrix of channels for each value of a kernel: from those of x to those of the result, or transposed. */
function transformedKernel(emit: Emitter, kernel: Value, turned: boolean) {
  const order = readOrders.find((one) => holdsOrder(kernel, one)) ?? kernelOrder
  const array = laidOut(emit, kernel, order)
  const pairs = sizeOf(kernel.shape) / 9
  const values =
    order[0] === 0
      ? product(emit, kernelMatrix(emit, turned), emit.reshape(array.name, storedShape(array), [9, pairs]))
      : product(emit, kernelMatrix(emit, turned), emit.reshape(array.name, storedShape(array), [pairs, 9]), 'transB')
  const channels = order.filter((axis) => axis > 1)
  const matrices = [coefficients ** 2, ...channels.map((axis) => kernel.shape[axis]!)]
  const outFirst = channels[0] === 3
  return { name: emit.reshape(values, [coefficients ** 2, pairs], matrices), transposed: outFirst !== turned }
}
