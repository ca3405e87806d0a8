import {
  add,
  broadcastTo,
  conv2d,
  fill,
  grad,
  mul,
  relu,
  step,
  sub,
  sum,
  tensor,
  trace,
  type ConvolutionOptions,
  type Tree,
} from '@haba/core'
import type { Scalar, Tensor, Tensor4D } from '@tensorflow/tfjs-core'
import { describe, expect, it } from 'vitest'
import { lowerGraph } from './lower.js'

const zeros = (...shape: readonly number[]) =>
  tensor(new Float32Array(shape.reduce((n, length) => n * length, 1)), shape)
const lowered = (fn: (...x: Tensor[]) => Tree, ...args: Tensor[]) => lowerGraph(trace(fn, args).graph)
/** What computes something, in order, with its inputs: constants and what TensorFlow prunes are left out. */
function running(fn: (...x: Tensor[]) => Tree, ...args: Tensor[]): readonly string[] {
  const { operators } = lowered(fn, ...args)
  const all = new Map(operators.map((operator) => [operator.name, operator]))
  const live = new Set<string>()
  const pending = operators.filter(({ name }) => name.startsWith('out')).map(({ name }) => name)
  while (pending.length > 0) {
    const name = pending.pop()!
    if (!live.has(name)) pending.push(...all.get(name)!.inputs)
    live.add(name)
  }
  return operators
    .filter(({ name, op }) => live.has(name) && !['Const', 'Placeholder', 'Identity'].includes(op))
    .map(({ op }) => op)
}

describe('lowerGraph', () => {
  it('feeds the inputs that are used, and gives every output a name of its own', () => {
    const { inputs, operators } = lowered((_, b) => [b!, add(b!, 1), b!], zeros(2), zeros(3))
    expect(inputs).toEqual([1])
    expect(operators.filter(({ op }) => op === 'Placeholder').map(({ name }) => name)).toEqual(['in1'])
    const found = operators.filter(({ name }) => name.startsWith('out')).map(({ name, inputs: [from] }) => [name, from])
    expect(found.map(([name]) => name)).toEqual(['out0', 'out1', 'out2'])
    expect([found[0]![1], found[2]![1]]).toEqual(['in1', 'in1'])
  })

  it('leaves repeating to element-wise operators', () => {
    const [row, rows] = [zeros(3), zeros(2, 3)]
    expect(running((a, b) => add(broadcastTo(a!, [2, 3]), b!), row, rows)).toEqual(['AddV2'])
    expect(running((a) => sub(fill([2, 3], 1), a!), rows)).toEqual(['Sub'])
    // Nothing else has the shape of the result here.
    expect(running((a) => add(broadcastTo(a!, [2, 3]), 1), row)).toEqual(['BroadcastTo', 'AddV2'])
  })

  it('writes the gradient of ReLU as one operator', () => {
    expect(running((a, b) => grad((x: Tensor) => sum(mul(relu(x), b!)) as Scalar, a!), zeros(4), zeros(4))).toEqual([
      'ReluGrad',
    ])
    expect(running((a, b) => mul(a!, step(b!)), zeros(4), zeros(1))).toEqual(['Greater', 'Cast', 'Mul'])
  })

  it.each<[string, ConvolutionOptions, object]>([
    ['none', {}, { padding: { text: 'VALID' } }],
    ['that TensorFlow knows', { pad: 1 }, { padding: { text: 'SAME' } }],
    [
      'of any kind',
      { pad: [2, 0, 0, 1] },
      { padding: { text: 'EXPLICIT' }, explicit_paddings: { integers: [0, 0, 2, 0, 0, 1, 0, 0] } },
    ],
  ])('pads convolutions: %s', (_, options, wanted) => {
    const { operators } = lowered(
      (x, k) => conv2d(x as Tensor4D, k as Tensor4D, options),
      zeros(1, 5, 5, 2),
      zeros(3, 3, 2, 4),
    )
    expect(operators.find(({ op }) => op === 'Conv2D')!.attributes).toMatchObject(wanted)
  })
})
