import type { ConvolutionAttributes } from '@haba/core'
import type { Emitter } from './emitter.js'
import { axesOf, laidOut, stored, type Value } from './value.js'
import type { Traits } from '../provider.js'
import { exchangedOrder, kernelIn, kernelOrder, permutation, turnedAround } from './kernels.js'
import type { Lowering, Lowerings, NodeOf } from './lowering.js'
import { imageOrder, planeOrder } from './orders.js'
import { tiled, tiledFilter } from './winograd.js'

/**
 * Whether maps are so small that onnxruntime, which multiplies matrices image by image, has too few columns at a time:
 * up to 8 × 8 pixels, and for large batches up to 16 × 16 (measured: 2.2 and 1.1 times as fast together).
 */
export const areSmall = (emit: Emitter, [batch, height, width]: readonly number[]): boolean =>
  emit.traits.smallMaps === 'together' && batch! > 1 && height! * width! <= (batch! >= 64 ? 256 : 64)

type Two = readonly [number, number]
type Four = readonly [number, number, number, number]

const lengths = (value: { readonly shape: readonly number[] }) => value.shape as Four

const conv2d: Lowering<'conv2d'> = (emit, node, [x, kernel]) => {
  const { pads, strides } = node.attributes
  const inTiles = tiled(emit, x, kernel, { pads, strides, to: lengths(node), turned: false })
  if (inTiles) return inTiles
  const name = kernelIn(emit, kernel, kernelOrder)
  const shape = [node.shape[3]!, x.shape[3]!, ...kernel.shape.slice(0, 2)]
  return convolution(emit, x, { name, shape }, { pads, strides }, node.shape)
}

/** A convolution with a kernel `[out, in, height, width]`. */
function convolution(
  emit: Emitter,
  x: Value,
  kernel: { readonly name: string; readonly shape: readonly number[] },
  { pads, strides }: ConvolutionAttributes,
  shape: readonly number[],
): Value {
  const [out, inside, ...window] = kernel.shape as Four
  if (!areSmall(emit, shape)) {
    const inputs = [laidOut(emit, x, imageOrder).name, kernel.name]
    const withBias = (bias: readonly string[]) =>
      emit.op('Conv', [...inputs, ...bias], { pads, strides, kernel_shape: window })
    return { ...stored(withBias([]), shape, imageOrder), withBias: (bias) => withBias([bias]) }
  }
  // One image whose depth is the batch: the kernel does not reach over it.
  const [batch, height, width] = x.shape as Four
  const [, rows, columns] = shape as Four
  const image = emit.reshape(
    laidOut(emit, x, planeOrder).name,
    [inside, batch, height, width],
    [1, inside, batch, height, width],
  )
  const inputs = [image, emit.reshape(kernel.name, kernel.shape, [out, inside, 1, ...window])]
  const attributes = {
    pads: [0, pads[0], pads[1], 0, pads[2], pads[3]],
    strides: [1, ...strides],
    kernel_shape: [1, ...window],
  }
  const withBias = (bias: readonly string[]) =>
    emit.reshape(
      emit.op('Conv', [...inputs, ...bias], attributes),
      [1, out, batch, rows, columns],
      [out, batch, rows, columns],
    )
  return { ...stored(withBias([]), shape, planeOrder), withBias: (bias) => withBias([bias]) }
}

/** Below this many channels a transposed convolution is quicker than a convolution with the kernel flipped. */
const fewChannels = 16

/**
 * At stride 1 the gradient in x is a convolution of dy with the kernel flipped and its channels exchanged, which
 * onnxruntime runs several times as fast as the transposed convolution that it is in general.
 */
const conv2dInput: Lowering<'conv2dInput'> = (emit, node, [dy, kernel]) => {
  const { pads, strides } = node.attributes
  const [height, width, channels] = lengths(kernel)
  const around: Four = [height - 1 - pads[0], width - 1 - pads[1], height - 1 - pads[2], width - 1 - pads[3]]
  const flips = strides.every((stride) => stride === 1) && around.every((pad) => pad >= 0) && channels >= fewChannels
  if (flips) {
    const inTiles = tiled(emit, dy, kernel, { pads: around, strides, to: lengths(node), turned: true })
    if (inTiles) return inTiles
    const turned = { name: flipped(emit, kernel), shape: [channels, kernel.shape[3]!, height, width] }
    return convolution(emit, dy, turned, { pads: around, strides }, node.shape)
  }
  const kernel_shape = [height, width]
  const output_padding = [0, 1].map(
    (axis) =>
      node.shape[axis + 1]! -
      ((dy.shape[axis + 1]! - 1) * strides[axis]! + kernel_shape[axis]! - pads[axis]! - pads[axis + 2]!),
  )
  const inputs = [laidOut(emit, dy, imageOrder).name, kernelIn(emit, kernel, kernelOrder)]
  const attributes = { pads, strides, kernel_shape, output_padding }
  const withBias = (bias: readonly string[]) => emit.op('ConvTranspose', [...inputs, ...bias], attributes)
  return { ...stored(withBias([]), node.shape, imageOrder), withBias: (bias) => withBias([bias]) }
}

/** `[in, out, height, width]`, turned by half a turn: as a product with a permutation matrix, quicker than a slice. */
function flipped(emit: Emitter, kernel: Value): string {
  const [height, width, channels, out] = lengths(kernel)
  const taps = height * width
  const exchanged = kernelIn(emit, kernel, exchangedOrder)
  if (taps === 1) return exchanged
  const rows = emit.reshape(exchanged, [channels, out, height, width], [channels * out, taps])
  const turned = emit.op('MatMul', [
    rows,
    emit.constant(
      permutation(taps, (i) => taps - 1 - i),
      [taps, taps],
    ),
  ])
  return emit.reshape(turned, [channels * out, taps], [channels, out, height, width])
}

/** The gradient in the kernel is a convolution of x with dy as its kernel and the batch as its channels. */
const conv2dFilter: Lowering<'conv2dFilter'> = (emit, node, [x, dy]) => {
  const [, height, width, channels] = lengths(x)
  const [, rows, columns, out] = lengths(dy)
  const [kernelHeight, kernelWidth] = lengths(node)
  const { pads, strides } = node.attributes
  const inTiles = tiledFilter(emit, x, dy, node.shape, node.attributes)
  if (inTiles) return inTiles
  // Where the stride does not divide the height, the last rows of x touch no window, and rows beyond the kernel appear.
  const found = [
    height + pads[0] + pads[2] - (rows - 1) * strides[0],
    width + pads[1] + pads[3] - (columns - 1) * strides[1],
  ] as const
  const { name, order } = filterGradients[emit.traits.filterGradient](emit, node, x, dy, found)
  const shape = [...found, channels, out]
  if (found[0] === kernelHeight && found[1] === kernelWidth) return stored(name, shape, order)
  const places = [order.indexOf(0), order.indexOf(1)]
  const cut = [emit.integers([0, 0]), emit.integers([kernelHeight, kernelWidth]), emit.integers(places)]
  return stored(emit.op('Slice', [name, ...cut]), node.shape, order)
}

type FilterGradient = (
  emit: Emitter,
  node: NodeOf<'conv2dFilter'>,
  x: Value,
  dy: Value,
  found: Two,
) => { readonly name: string; readonly order: readonly number[] }

const filterGradients: Readonly<Record<Traits['filterGradient'], FilterGradient>> = {
  // With x's channels side by side in the rows of one image, onnxruntime copies whole runs of channels for one matrix
  // product, 1.3 to 1.6 times as fast as with the channels as a depth, whose runs are as short as the kernel.
  inRows(emit, { attributes: { pads, strides } }, x, dy, found) {
    const [batch, height, width, channels] = lengths(x)
    const [, rows, columns, out] = lengths(dy)
    const image = emit.reshape(
      laidOut(emit, x, axesOf(x.shape)).name,
      [batch, height, width, channels],
      [1, batch, height, width * channels],
    )
    const name = emit.op('Conv', [image, laidOut(emit, dy, planeOrder).name], {
      pads: [pads[0], pads[1] * channels, pads[2], pads[3] * channels],
      kernel_shape: [rows, columns],
      dilations: [strides[0], strides[1] * channels],
      strides: [1, 1],
    })
    const taps = found[0] * found[1]
    const gradient = emit.reshape(name, [1, out, found[0], found[1] * channels], [out, taps, channels])
    const turned = turnedAround(emit, gradient, taps)
    return { name: emit.reshape(turned, [out, channels, taps], [out, channels, ...found]), order: kernelOrder }
  },
  asBatch(emit, { attributes: { pads, strides } }, x, dy) {
    const [, rows, columns] = lengths(dy)
    // [channels, batch, height, width] and [out, batch, rows, columns] give [channels, out, …].
    const operands = [laidOut(emit, x, planeOrder).name, laidOut(emit, dy, planeOrder).name]
    const attributes = { pads, kernel_shape: [rows, columns], dilations: strides }
    return { name: emit.op('Conv', operands, attributes), order: exchangedOrder }
  },
}

export const convolutions: Lowerings<'conv2d' | 'conv2dInput' | 'conv2dFilter'> = { conv2d, conv2dInput, conv2dFilter }
