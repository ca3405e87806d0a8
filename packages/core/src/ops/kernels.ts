import { getBackend, getKernel, type NamedAttrMap, type NamedTensorMap, type Tensor } from '@tensorflow/tfjs-core'
import { runOwnKernel } from '../autodiff/plain-ops.js'
import type { ConvolutionAttributes, PoolAttributes, Primitive, PrimitiveAttributes } from '../compile/graph.js'
import type { DType } from '../spec/values.js'
import { sizeOf } from '../spec/values.js'
import { hostTensor } from '../tree/host.js'

/** Runs each primitive on the current tfjs backend, with kernels that every backend has. */
type Kernels = {
  [P in Primitive]: (
    inputs: readonly Tensor[],
    attributes: PrimitiveAttributes[P],
    shape: readonly number[],
    dtype: DType,
  ) => Tensor
}

/** @param inputs by name; a list for Concat, which tfjs's types lack */
const kernel = (name: string, inputs: NamedTensorMap | readonly Tensor[], attributes: object = {}): Tensor =>
  runOwnKernel(name, inputs as NamedTensorMap, attributes as NamedAttrMap)

const has = (name: string): boolean => getKernel(name, getBackend()) !== undefined

const unary =
  (name: string) =>
  ([x]: readonly Tensor[]) =>
    kernel(name, { x: x! })
const binary =
  (name: string) =>
  ([a, b]: readonly Tensor[]) =>
    kernel(name, { a: a!, b: b! })
const reshape = (x: Tensor, shape: readonly number[]) => kernel('Reshape', { x }, { shape })
const toFloat = (x: Tensor) => kernel('Cast', { x }, { dtype: 'float32' })

function reduction(name: string) {
  return (
    [x]: readonly Tensor[],
    { axes, keepDims }: { axes: readonly number[]; keepDims: boolean },
    shape: readonly number[],
  ) => {
    if (axes.length === 0) return kernel('Identity', { x: x! })
    // Kernels reduce only innermost axes.
    const kept = x!.shape.map((_, axis) => axis).filter((axis) => !axes.includes(axis))
    const perm = [...kept, ...axes]
    const ordered = perm.every((axis, i) => axis === i) ? x! : kernel('Transpose', { x: x! }, { perm })
    const inner = axes.map((_, i) => kept.length + i)
    const y =
      name === 'Sum'
        ? kernel('Sum', { x: ordered }, { axis: inner, keepDims: false })
        : kernel('Max', { x: ordered }, { reductionIndices: inner, keepDims: false })
    return keepDims ? reshape(y, shape) : y
  }
}

function tile(x: Tensor, shape: readonly number[]): Tensor {
  const full = [...shape.slice(x.rank).map(() => 1), ...x.shape]
  return kernel('Tile', { x: reshape(x, full) }, { reps: shape.map((length, i) => (full[i] === length ? 1 : length)) })
}

const explicit = ([top, left, bottom, right]: ConvolutionAttributes['pads']) =>
  top || left || bottom || right
    ? [
        [0, 0],
        [top, bottom],
        [left, right],
        [0, 0],
      ]
    : 'valid'
const convolution = ({ strides, pads }: ConvolutionAttributes) => ({
  strides,
  pad: explicit(pads),
  dataFormat: 'NHWC',
  dilations: [1, 1],
})
const pooling = ({ size, strides }: PoolAttributes) => ({ filterSize: size, strides, pad: 'valid' })

const kernels: Kernels = {
  input: () => {
    throw new Error('an input cannot be run')
  },
  constant: (_, { values }, shape, dtype) => hostTensor({ values }, shape, dtype),
  fill: (_, { value }, shape) => hostTensor({ values: new Float32Array(sizeOf(shape)).fill(value) }, shape, 'float32'),
  neg: unary('Neg'),
  exp: unary('Exp'),
  log: unary('Log'),
  sqrt: unary('Sqrt'),
  reciprocal: unary('Reciprocal'),
  abs: unary('Abs'),
  sign: unary('Sign'),
  floor: unary('Floor'),
  sigmoid: unary('Sigmoid'),
  tanh: unary('Tanh'),
  relu: unary('Relu'),
  step: ([x]) => toFloat(kernel('Greater', { a: x!, b: hostTensor({ values: new Float32Array(1) }, [], 'float32') })),
  cast: ([x], _, __, dtype) => kernel('Cast', { x: x! }, { dtype }),
  add: binary('Add'),
  sub: binary('Sub'),
  mul: binary('Multiply'),
  div: binary('RealDiv'),
  maximum: binary('Maximum'),
  minimum: binary('Minimum'),
  greater: ([a, b]) => toFloat(kernel('Greater', { a: a!, b: b! })),
  equal: ([a, b]) => toFloat(kernel('Equal', { a: a!, b: b! })),
  select: ([mask, t, e]) =>
    kernel('Select', { condition: kernel('Cast', { x: mask! }, { dtype: 'bool' }), t: t!, e: e! }),
  sum: reduction('Sum'),
  reduceMax: reduction('Max'),
  broadcastTo: ([x], _, shape) => tile(x!, shape),
  reshape: ([x], _, shape) => reshape(x!, shape),
  transpose: ([x], { permutation }) => kernel('Transpose', { x: x! }, { perm: permutation }),
  slice: ([x], { begin }, shape) => kernel('Slice', { x: x! }, { begin, size: shape }),
  pad: ([x], { before }, shape) =>
    kernel(
      'PadV2',
      { x: x! },
      { paddings: shape.map((length, i) => [before[i]!, length - before[i]! - x!.shape[i]!]), constantValue: 0 },
    ),
  concat: (inputs, { axis }) => kernel('Concat', inputs, { axis }),
  gather: ([x, indices]) => kernel('GatherV2', { x: x!, indices: indices! }, { axis: 0, batchDims: 0 }),
  scatterAdd: ([updates, indices], _, shape) =>
    kernel('ScatterNd', { indices: reshape(indices!, [indices!.size, 1]), updates: updates! }, { shape }),
  matMul: ([a, b], { transposeA, transposeB }, shape) => {
    const flat = (x: Tensor) => reshape(x, [sizeOf(x.shape.slice(0, -2)), ...x.shape.slice(-2)])
    return reshape(kernel('BatchMatMul', { a: flat(a!), b: flat(b!) }, { transposeA, transposeB }), shape)
  },
  conv2d: ([x, filter], attributes) => kernel('Conv2D', { x: x!, filter: filter! }, convolution(attributes)),
  conv2dInput: ([dy, filter], attributes, shape) =>
    kernel('Conv2DBackpropInput', { dy: dy!, filter: filter! }, { ...convolution(attributes), inputShape: shape }),
  conv2dFilter: ([x, dy], attributes, shape) =>
    has('Conv2DBackpropFilter')
      ? kernel('Conv2DBackpropFilter', { x: x!, dy: dy! }, { ...convolution(attributes), filterShape: shape })
      : filterByMatMul(x!, dy!, attributes, shape),
  avgPool: ([x], attributes) => kernel('AvgPool', { x: x! }, pooling(attributes)),
  avgPoolInput: ([dy], attributes, shape) =>
    has('AvgPoolGrad')
      ? kernel(
          'AvgPoolGrad',
          { dy: dy!, input: hostTensor({ values: new Float32Array(sizeOf(shape)) }, shape, 'float32') },
          pooling(attributes),
        )
      : spreadWindows(dy!, attributes, shape),
}

/** The kernel's gradient as one matrix product per tap, for backends without Conv2DBackpropFilter. */
function filterByMatMul(x: Tensor, dy: Tensor, { strides, pads }: ConvolutionAttributes, shape: readonly number[]) {
  const [batch, height, width, channels] = x.shape as [number, number, number, number]
  const [, h, w, out] = dy.shape as [number, number, number, number]
  const [kh, kw] = shape as [number, number]
  // Padded to whole strides for the last window of every tap.
  const room = [(h - 1) * strides[0] + kh + strides[0] - 1, (w - 1) * strides[1] + kw + strides[1] - 1] as const
  const paddings = [
    [0, 0],
    [pads[0], Math.max(0, room[0] - height - pads[0])],
    [pads[1], Math.max(0, room[1] - width - pads[1])],
    [0, 0],
  ]
  const padded = kernel('PadV2', { x }, { paddings, constantValue: 0 })
  const columns = reshape(dy, [1, batch * h * w, out])
  const taps: Tensor[] = []
  for (let i = 0; i < kh; i++)
    for (let j = 0; j < kw; j++) {
      const window = kernel(
        'Slice',
        { x: padded },
        { begin: [0, i, j, 0], size: [batch, h * strides[0], w * strides[1], channels] },
      )
      const split = reshape(window, [batch, h, strides[0], w, strides[1] * channels])
      const first = kernel('Slice', { x: split }, { begin: [0, 0, 0, 0, 0], size: [batch, h, 1, w, channels] })
      const rows = reshape(first, [1, batch * h * w, channels])
      taps.push(kernel('BatchMatMul', { a: rows, b: columns }, { transposeA: true, transposeB: false }))
    }
  return reshape(kernel('Concat', taps, { axis: 0 }), shape)
}

/** The gradient of avgPool as a transposed convolution, channel by channel, for backends without AvgPoolGrad. */
function spreadWindows(dy: Tensor, { size, strides }: PoolAttributes, shape: readonly number[]): Tensor {
  const [batch, height, width, channels] = shape as [number, number, number, number]
  const [, h, w] = dy.shape as [number, number, number]
  const maps = reshape(kernel('Transpose', { x: dy }, { perm: [0, 3, 1, 2] }), [batch * channels, h, w, 1])
  const window = new Float32Array(size[0] * size[1]).fill(1 / (size[0] * size[1]))
  const spread = kernel(
    'Conv2DBackpropInput',
    { dy: maps, filter: hostTensor({ values: window }, [size[0], size[1], 1, 1], 'float32') },
    { strides, pad: 'valid', dataFormat: 'NHWC', inputShape: [batch * channels, height, width, 1] },
  )
  return kernel('Transpose', { x: reshape(spread, [batch, channels, height, width]) }, { perm: [0, 2, 3, 1] })
}

export function runEagerly<P extends Primitive>(
  op: P,
  inputs: readonly Tensor[],
  attributes: PrimitiveAttributes[P],
  shape: readonly number[],
  dtype: DType,
): Tensor {
  return kernels[op](inputs, attributes, shape, dtype)
}

/** A second tensor with the same values. */
export const share = (x: Tensor): Tensor => kernel('Identity', { x })
