import type { Rank, Tensor, Tensor4D } from '@tensorflow/tfjs-core'
import { HabaError } from '../errors.js'
import type { ConvolutionAttributes, PoolAttributes } from '../compile/graph.js'
import { apply } from './apply.js'
import { assertShape } from './shape.js'

/**
 * Matrix product of the last two axes, `[…, m, k] · […, k, n]`; leading axes must be equal.
 *
 * @param transposed operands whose last two axes are swapped first
 */
export function matMul<R extends Rank>(
  a: Tensor<R>,
  b: Tensor<R>,
  transposed: { readonly a?: boolean; readonly b?: boolean } = {},
): Tensor<R> {
  const { a: ta = false, b: tb = false } = transposed
  const r = a.rank
  const [m, k] = ta ? [a.shape[r - 1]!, a.shape[r - 2]!] : [a.shape[r - 2]!, a.shape[r - 1]!]
  const [k2, n] = tb ? [b.shape[r - 1]!, b.shape[r - 2]!] : [b.shape[r - 2]!, b.shape[r - 1]!]
  const lead = a.shape.slice(0, r - 2)
  if (r < 2 || b.rank !== r || k !== k2 || lead.some((length, i) => b.shape[i] !== length))
    throw new HabaError(
      'matMul',
      '[…, m, k] and […, k, n]',
      `[${a.shape}] and [${b.shape}]`,
      'Check the inner lengths.',
    )
  const swap = (yes: boolean, x: Tensor<R>, xt: boolean, y: Tensor<R>, yt: boolean) =>
    yes ? matMul(y, x, { a: !yt, b: !xt }) : matMul(x, y, { a: xt, b: yt })
  return apply('matMul', [a, b], { transposeA: ta, transposeB: tb }, [...lead, m, n], (dy) => [
    () => swap(ta, dy as Tensor<R>, false, b, !tb),
    () => swap(tb, a, !ta, dy as Tensor<R>, false),
  ])
}

/** Stride and padding of a convolution. */
export interface ConvolutionOptions {
  /** @default 1 */
  readonly stride?: number | readonly [number, number]
  /** One number for all sides or `[top, left, bottom, right]`. @default 0 */
  readonly pad?: number | readonly [top: number, left: number, bottom: number, right: number]
}

function attributesOf({ stride = 1, pad = 0 }: ConvolutionOptions): ConvolutionAttributes {
  return {
    strides: typeof stride === 'number' ? [stride, stride] : stride,
    pads: typeof pad === 'number' ? [pad, pad, pad, pad] : pad,
  }
}

/**
 * Two-dimensional convolution (cross-correlation, as in PyTorch).
 *
 * @param x `[batch, height, width, in]`
 * @param kernel `[kernelHeight, kernelWidth, in, out]`
 */
export function conv2d(x: Tensor4D, kernel: Tensor4D, options: ConvolutionOptions = {}): Tensor4D {
  return convolve(x, kernel, attributesOf(options))
}

function convolve(x: Tensor4D, kernel: Tensor4D, attributes: ConvolutionAttributes): Tensor4D {
  const { strides, pads } = attributes
  const [batch, height, width, channels] = x.shape
  const [kh, kw, inside, out] = kernel.shape
  const h = Math.floor((height + pads[0] + pads[2] - kh) / strides[0]) + 1
  const w = Math.floor((width + pads[1] + pads[3] - kw) / strides[1]) + 1
  if (channels !== inside || h < 1 || w < 1)
    throw new HabaError(
      'conv2d',
      `images [batch, height, width, ${inside}] no smaller than the kernel [${kernel.shape}]`,
      `[${x.shape}]`,
      'Check channels, kernel and padding.',
    )
  return apply('conv2d', [x, kernel], attributes, [batch, h, w, out], (dy) => [
    () => convolveInput(dy as Tensor4D, kernel, attributes, x.shape),
    () => convolveFilter(x, dy as Tensor4D, attributes, kernel.shape),
  ])
}

type Shape4 = readonly [number, number, number, number]

/** The adjoint of conv2d with respect to its images. */
function convolveInput(dy: Tensor4D, kernel: Tensor4D, attributes: ConvolutionAttributes, shape: Shape4): Tensor4D {
  return apply('conv2dInput', [dy, kernel], attributes, shape, (ct) => [
    () => convolve(ct as Tensor4D, kernel, attributes),
    () => convolveFilter(ct as Tensor4D, dy, attributes, kernel.shape),
  ])
}

/** The adjoint of conv2d with respect to its kernel. */
function convolveFilter(x: Tensor4D, dy: Tensor4D, attributes: ConvolutionAttributes, shape: Shape4): Tensor4D {
  return apply('conv2dFilter', [x, dy], attributes, shape, (ct) => [
    () => convolveInput(dy, ct as Tensor4D, attributes, x.shape),
    () => convolve(x, ct as Tensor4D, attributes),
  ])
}

/**
 * Transposed convolution: the adjoint of conv2d as a layer.
 *
 * @param x `[batch, height, width, in]`
 * @param kernel `[kernelHeight, kernelWidth, out, in]`
 * @returns `[batch, (height-1)·stride - pads + kernelHeight, …, out]`
 */
export function conv2dTranspose(x: Tensor4D, kernel: Tensor4D, options: ConvolutionOptions = {}): Tensor4D {
  const attributes = attributesOf(options)
  const { strides, pads } = attributes
  const [batch, height, width, channels] = x.shape
  const [kh, kw, out, inside] = kernel.shape
  assertShape('conv2dTranspose', 'images', [batch, height, width, inside], [batch, height, width, channels])
  const h = (height - 1) * strides[0] - pads[0] - pads[2] + kh
  const w = (width - 1) * strides[1] - pads[1] - pads[3] + kw
  return convolveInput(x, kernel, attributes, [batch, h, w, out])
}

/**
 * Mean over windows, without padding. Trailing rows and columns that fill no window are dropped.
 *
 * @param size side of the window, or `[height, width]`
 * @param stride one number, or `[down, across]` @default size
 */
export function avgPool(x: Tensor4D, size: Sides, stride: Sides = size): Tensor4D {
  const both = (sides: Sides) => (typeof sides === 'number' ? ([sides, sides] as const) : sides)
  return pool(x, { size: both(size), strides: both(stride) })
}

type Sides = number | readonly [number, number]

function pool(x: Tensor4D, attributes: PoolAttributes): Tensor4D {
  const [batch, height, width, channels] = x.shape
  const h = Math.floor((height - attributes.size[0]) / attributes.strides[0]) + 1
  const w = Math.floor((width - attributes.size[1]) / attributes.strides[1]) + 1
  if (h < 1 || w < 1)
    throw new HabaError('avgPool', `maps no smaller than ${attributes.size}`, `[${x.shape}]`, 'Use fewer poolings.')
  return apply('avgPool', [x], attributes, [batch, h, w, channels], (dy) => [
    () => poolInput(dy as Tensor4D, attributes, x.shape),
  ])
}

/** The adjoint of avgPool. */
function poolInput(dy: Tensor4D, attributes: PoolAttributes, shape: Shape4): Tensor4D {
  return apply('avgPoolInput', [dy], attributes, shape, (ct) => [() => pool(ct as Tensor4D, attributes)])
}
