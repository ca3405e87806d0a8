import { sizeOf, type Node, type Primitive } from '@haba/core'
import type { Emitter } from './emitter.js'
import { convolutionAttributes } from './convolution.js'
import { operandsOf, type AnyTask } from './operands.js'

/** A node to write, and the names of those written before. */
interface Task<P extends Primitive> {
  readonly target: Emitter
  readonly node: Extract<Node, { readonly op: P }>
  name(node: Node): string
}

export type Lowering<P extends Primitive> = (task: Task<P>) => string

const float = { type: 'float32' } as const
const T = { T: float }
const index = { type: 'int32' } as const

const inputs = ({ node, name }: AnyTask): string[] => node.inputs.map(name)

const unary =
  (op: string) =>
  (task: AnyTask): string =>
    task.target.emit(op, inputs(task), T)
const binary =
  (op: string) =>
  (task: AnyTask): string =>
    task.target.emit(op, operandsOf(task), T)

const toFloat = (target: Emitter, truth: string) =>
  target.emit('Cast', [truth], { SrcT: { type: 'bool' }, DstT: float })
const comparison =
  (op: string) =>
  (task: AnyTask): string =>
    toFloat(task.target, task.target.emit(op, operandsOf(task), T))

const reduction =
  (op: string) =>
  ({ target, node, name }: Task<'sum'> | Task<'reduceMax'>): string =>
    target.emit(op, [name(node.inputs[0]!), target.integers(node.attributes.axes)], {
      ...T,
      keep_dims: { yes: node.attributes.keepDims },
    })

/** `a · step(x)` in one operator where nothing is repeated, which is how the gradient of ReLU comes. */
const mul: Lowering<'mul'> = (task) => {
  const { target, node, name } = task
  const gate = node.inputs.find(({ op }) => op === 'step')
  const other = node.inputs.find((operand) => operand !== gate)
  const alike = (x: Node) => `${x.shape}` === `${node.shape}`
  return gate && other && alike(gate) && alike(other)
    ? target.emit('ReluGrad', [name(other), name(gate.inputs[0]!)], T)
    : target.emit('Mul', operandsOf(task), T)
}

/** How every primitive is written. */
export const lowerings: { readonly [P in Primitive]: Lowering<P> } = {
  input: ({ node, name }) => name(node),
  constant: ({ target, node }) => target.constant(node.attributes.values, node.shape),
  // A large one is made when it is needed, not stored.
  fill: ({ target, node }) =>
    sizeOf(node.shape) > 1
      ? target.emit('Fill', [target.integers(node.shape), target.number(node.attributes.value)], T)
      : target.constant(Float32Array.of(node.attributes.value), node.shape),
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
  step: ({ target, node, name }) =>
    toFloat(target, target.emit('Greater', [name(node.inputs[0]!), target.number(0)], T)),
  cast: (task) =>
    task.target.emit('Cast', inputs(task), {
      SrcT: { type: task.node.inputs[0]!.dtype },
      DstT: { type: task.node.dtype },
    }),
  add: binary('AddV2'),
  sub: binary('Sub'),
  mul,
  div: binary('RealDiv'),
  maximum: binary('Maximum'),
  minimum: binary('Minimum'),
  greater: comparison('Greater'),
  equal: comparison('Equal'),
  select: (task) => {
    const [mask, ...choices] = inputs(task)
    return task.target.emit(
      'SelectV2',
      [task.target.emit('NotEqual', [mask!, task.target.number(0)], T), ...choices],
      T,
    )
  },
  sum: reduction('Sum'),
  reduceMax: reduction('Max'),
  broadcastTo: (task) => shaped('BroadcastTo', task),
  reshape: (task) => shaped('Reshape', task),
  transpose: ({ target, node, name }) =>
    target.emit('Transpose', [name(node.inputs[0]!), target.integers(node.attributes.permutation)], {
      T: { type: node.dtype },
    }),
  slice: ({ target, node, name }) =>
    target.emit('Slice', [name(node.inputs[0]!), target.integers(node.attributes.begin), target.integers(node.shape)], {
      T: { type: node.dtype },
      Index: index,
    }),
  pad: ({ target, node, name }) => {
    const [x] = node.inputs
    const { before } = node.attributes
    const paddings = node.shape.flatMap((length, i) => [before[i]!, length - before[i]! - x!.shape[i]!])
    return target.emit('Pad', [name(x!), target.constant(Int32Array.from(paddings), [node.shape.length, 2])], {
      T: { type: node.dtype },
    })
  },
  concat: (task) =>
    task.target.emit(
      'ConcatV2',
      [...inputs(task), task.target.constant(Int32Array.of(task.node.attributes.axis), [])],
      { N: { integer: task.node.inputs.length }, T: { type: task.node.dtype } },
    ),
  gather: (task) =>
    task.target.emit('GatherV2', [...inputs(task), task.target.constant(Int32Array.of(0), [])], {
      Tparams: { type: task.node.dtype },
      Tindices: index,
      Taxis: index,
    }),
  scatterAdd: (task) =>
    task.target.emit(
      'UnsortedSegmentSum',
      [...inputs(task), task.target.constant(Int32Array.of(task.node.shape[0]!), [])],
      { T: { type: task.node.dtype }, Tindices: index },
    ),
  matMul: (task) => {
    const { transposeA, transposeB } = task.node.attributes
    return task.node.shape.length === 2
      ? task.target.emit('MatMul', inputs(task), {
          ...T,
          transpose_a: { yes: transposeA },
          transpose_b: { yes: transposeB },
        })
      : task.target.emit('BatchMatMulV2', inputs(task), {
          ...T,
          adj_x: { yes: transposeA },
          adj_y: { yes: transposeB },
        })
  },
  conv2d: ({ target, node, name }) => {
    const [x, kernel] = node.inputs
    return target.emit(
      'Conv2D',
      [name(x!), name(kernel!)],
      convolutionAttributes(node.attributes, x!.shape, kernel!.shape, node.shape),
    )
  },
  conv2dInput: ({ target, node, name }) => {
    const [dy, kernel] = node.inputs
    return target.emit(
      'Conv2DBackpropInput',
      [target.integers(node.shape), name(kernel!), name(dy!)],
      convolutionAttributes(node.attributes, node.shape, kernel!.shape, dy!.shape),
    )
  },
  conv2dFilter: ({ target, node, name }) => {
    const [x, dy] = node.inputs
    return target.emit(
      'Conv2DBackpropFilter',
      [name(x!), target.integers(node.shape), name(dy!)],
      convolutionAttributes(node.attributes, x!.shape, node.shape, dy!.shape),
    )
  },
  avgPool: (task) => task.target.emit('AvgPool', inputs(task), pooling(task.node.attributes)),
  avgPoolInput: (task) =>
    task.target.emit(
      'AvgPoolGrad',
      [task.target.integers(task.node.shape), ...inputs(task)],
      pooling(task.node.attributes),
    ),
}

const shaped = (op: string, { target, node, name }: AnyTask) =>
  target.emit(op, [name(node.inputs[0]!), target.integers(node.shape)], { T: { type: node.dtype } })

const pooling = ({ size, strides }: { readonly size: readonly number[]; readonly strides: readonly number[] }) => ({
  ...T,
  ksize: { integers: [1, ...size, 1] },
  strides: { integers: [1, ...strides, 1] },
  padding: { text: 'VALID' },
})
