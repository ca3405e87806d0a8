import { sizeOf, type ConvolutionAttributes } from '@haba/core'
import type { Emitter } from '../emitter.js'
import { holdsOrder, laidOut, stored, storedShape, type Value } from '../value.js'
import { exchangedOrder, kernelIn, kernelOrder } from './kernels.js'
import { imageOrder, planeOrder } from './orders.js'

type Four = readonly [number, number, number, number]

/** Pixels of the result along one side of a tile, and values of its transform, one for each point and infinity. */
const tile = 4
const points = [0, 3 / 4, -3 / 4, 3 / 2, -3 / 2] as const
const coefficients = points.length + 1

/**
 * Where polynomials are multiplied. With 0, ±3/4, ±3/2 the error is about three times that of the convolution as defined
 * (measured with 128 channels: 8e-7 and 3e-7 of the deviation of the results); with the usual 0, ±1, ±2 it is seven times.
 * Products of these points are exact in 32 bits. Choosing points: Barabasz et al., "Error analysis and improving the
 * accuracy of Winograd convolution for deep neural networks", 2020.
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

/** A convolution of which some are tiled. */
interface Convolution extends ConvolutionAttributes {
  /** The shape of the result. */
  readonly to: Four
  /** Filters with the kernel turned by half a turn, from its `out` channels to its `in`. */
  readonly turned: boolean
}

/**
 * Winograd's filtering F(4 × 4, 3 × 3) (Lavin and Gray, "Fast algorithms for convolutional neural networks", CVPR 2016): 36
 * products for 16 pixels instead of 144. Everything is a matrix product. Overlapping tiles are cut out, transformed and
 * put together by banded matrices, one for each direction, and since each of them transposes what it reads or writes,
 * channels and batch lie innermost in between, where they are multiplied. Nothing is copied into another order.
 *
 * @param kernel `[height, width, in, out]`
 * @returns undefined where it is no filter of 3 × 3 pixels with stride 1, or where too little would be gained
 */
export function tiled(emit: Emitter, x: Value, kernel: Value, convolution: Convolution): Value | undefined {
  const { to, pads, turned } = convolution
  if (!isFilter(kernel, convolution) || !isWorthwhile(emit, x.shape as Four, to)) return undefined
  const [batch, height, width, inside] = x.shape as Four
  const [, rows, columns, out] = to
  const [down, across] = [Math.ceil(rows / tile), Math.ceil(columns / tile)]
  const [high, wide] = [coefficients * down, coefficients * across]

  const order = holdsOrder(x, planeOrder) ? planeOrder : imageOrder
  const outer = order === planeOrder ? [inside, batch] : [batch, inside]
  const planes = batch * inside
  const image = laidOut(emit, x, order)
  const lines = emit.reshape(image.name, storedShape(image), [planes * height, width])
  const cutAcross = product(emit, cutting(emit, across, width, pads[1]), lines, 'transB')
  const strips = emit.reshape(cutAcross, [wide, planes * height], [wide, planes, height])
  const cut = product(emit, cutting(emit, down, height, pads[0]), strips, 'transB')
  const tiles = emit.reshape(cut, [wide, high, planes], [coefficients, across, coefficients, down, ...outer])

  // With the kernels' side transposed, the products would take a third longer.
  const filtered = product(emit, transformedKernel(emit, kernel, turned), tiles, order === imageOrder && 'transB')
  const maps = out * batch
  const each = emit.reshape(filtered, [coefficients, across, coefficients, down, out, batch], [wide, high, maps])
  const joinedDown = product(emit, each, joining(emit, down, rows), 'transA')
  const bands = emit.reshape(joinedDown, [wide, maps, rows], [wide, maps * rows])
  const joined = product(emit, bands, joining(emit, across, columns), 'transA')
  return stored(emit.reshape(joined, [maps * rows, columns], [out, batch, rows, columns]), to, planeOrder)
}

const product = (emit: Emitter, a: string, b: string, ...transposed: readonly ('transA' | 'transB' | false)[]) =>
  emit.op(
    'FusedMatMul',
    [a, b],
    { transA: Number(transposed.includes('transA')), transB: Number(transposed.includes('transB')) },
    'com.microsoft',
  )

const isFilter = ({ shape }: Value, { strides }: Convolution) =>
  shape[0] === 3 && shape[1] === 3 && strides.every((stride) => stride === 1)

/** Below it, a processor whose direct convolutions are better might gain nothing. */
const leastGain = 1.7

/**
 * Whether filters of 3 × 3 pixels are tiled: by the multiplications of either way, of which the transforms' count twice, those of kernels two and a half times, and
 * columns of a product come in sixteens (measured on two cores with AVX2).
 */
export function isWorthwhile({ traits }: Emitter, [batch, height, width, inside]: Four, to: Four): boolean {
  const [, rows, columns, out] = to
  const [high, wide] = [coefficients * Math.ceil(rows / tile), coefficients * Math.ceil(columns / tile)]
  const products = high * wide * inside * out * 16 * Math.ceil(batch / 16)
  const cut = batch * inside * wide * (height * width + high * height)
  const joined = batch * out * high * (wide * rows + rows * columns)
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

/** Orders of kernels that are read as they are, with the channels of the result first; and the same turned. */
const readOrders = [kernelOrder, [0, 1, 3, 2]] as const
const readOrdersTurned = [exchangedOrder, [0, 1, 2, 3]] as const

/** A matrix `[to, from]` of channels for each pair of values, those across before those down. */
function transformedKernel(emit: Emitter, kernel: Value, turned: boolean): string {
  const at = (value: number, tap: number) => kernelTransform[value]![turned ? 2 - tap : tap]!
  const transform = emit.constant(
    Array.from({ length: coefficients ** 2 * 9 }, (_, i) => {
      const [value, tap] = [Math.floor(i / 9), i % 9]
      return at(Math.floor(value / coefficients), tap % 3) * at(value % coefficients, Math.floor(tap / 3))
    }),
    [coefficients ** 2, 9],
  )
  const orders = turned ? readOrdersTurned : readOrders
  const order = orders.find((one) => holdsOrder(kernel, one)) ?? orders[0]
  const array = kernelIn(emit, kernel, order)
  const lengths = order.map((axis) => kernel.shape[axis]!)
  const [, , inside, out] = kernel.shape as Four
  const matrix = turned ? [inside, out] : [out, inside]
  const made =
    order[0] === 0
      ? product(emit, transform, emit.reshape(array, lengths, [9, inside * out]))
      : product(emit, transform, emit.reshape(array, lengths, [inside * out, 9]), 'transB')
  return emit.reshape(made, [coefficients ** 2, inside * out], [coefficients, 1, coefficients, 1, ...matrix])
}
