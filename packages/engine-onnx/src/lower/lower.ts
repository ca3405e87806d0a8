import { HabaError, type Graph, type Node, type Primitive } from '@haba/core'
import { emitter, type Emitter } from './emitter.js'
import { convolutions } from './convolution.js'
import { elementwise } from './elementwise.js'
import { linear } from './linear.js'
import type { Lowering, Lowerings, Operands } from './lowering.js'
import { movement } from './movement.js'
import { reduction } from './reduction.js'
import { encodeModel, type Operator, type Port } from './onnx-model.js'
import type { Traits } from '../provider.js'
import { axesOf, expanded, holdsOrder, numeric, plain, reordered, stored, storedShape, type Value } from './value.js'

/** An onnx model of a program, and how to feed and read it. */
export interface LoweredGraph {
  readonly model: Uint8Array
  /** The inputs that the model reads, as indices of the graph's inputs; named `inputName(index)`. */
  readonly inputs: readonly number[]
  /** How each output is stored; named `outputName(index)`. */
  readonly outputs: readonly { readonly shape: readonly number[]; readonly order: readonly number[] }[]
  /** How many operators the model has. */
  readonly operators: number
}

export const inputName = (index: number) => `in${index}`
export const outputName = (index: number) => `out${index}`

const sources: Lowerings<'input' | 'constant' | 'fill'> = {
  input: () => {
    throw new HabaError('lowerGraph', 'inputs listed in graph.inputs', 'another one', 'Trace the program again.')
  },
  constant: (emit, node) =>
    stored(emit.values(node.attributes.values, node.shape), node.shape, axesOf(node.shape), node.dtype),
  fill: (emit, node) => {
    const extent = node.shape.map(() => 1)
    const name = emit.constant([node.attributes.value], extent, node.dtype)
    return { name, shape: node.shape, extent, order: axesOf(extent), dtype: node.dtype }
  },
}

const lowerings: Lowerings<Primitive> = {
  ...sources,
  ...elementwise,
  ...reduction,
  ...movement,
  ...linear,
  ...convolutions,
}

/**
 * Lowers a traced program to an onnx model.
 *
 * @param inputOrders for each input, which logical axis each axis of its array is
 * @param traits of the provider that runs it @default the CPU's
 */
export function lowerGraph(graph: Graph, inputOrders: readonly (readonly number[])[], traits?: Traits): LoweredGraph {
  const emit = emitter(traits)
  const values = new Map<Node, Value>(
    graph.inputs.map((node, i) => [node, stored(inputName(i), node.shape, inputOrders[i], node.dtype)]),
  )
  const readOnce = onlyReaders(graph)
  for (const node of graph.nodes) {
    if (values.has(node)) continue
    // Only what nobody else reads may be made anew together with what reads it.
    const together = node.op === 'add' || node.op === 'sum'
    const operands = node.inputs.map((input) => {
      const value = values.get(input)!
      return together && readOnce.has(input) ? value : plain(value)
    })
    const lower = lowerings[node.op] as Lowering<Primitive>
    // As many as the operation has: a lowering reads no others.
    values.set(node, lower(emit, node, operands as unknown as Operands))
  }
  const outputs = graph.outputs.map((node) => leaving(emit, values.get(node)!))
  const { live, read } = liveOperators(
    named(
      emit.operators,
      outputs.map(({ name }) => name),
    ),
    outputs.map((_, i) => outputName(i)),
  )
  const inputs = axesOf(graph.inputs).filter((i) => read.has(inputName(i)))
  return {
    model: encodeModel({
      operators: live,
      initializers: emit.initializers.filter(({ name }) => read.has(name)),
      inputs: inputs.map((i) => port(inputName(i), values.get(graph.inputs[i]!)!)),
      outputs: outputs.map((value, i) => port(outputName(i), value)),
    }),
    inputs,
    outputs,
    operators: live.length,
  }
}

/** Nodes that one other node reads, and nobody outside. */
function onlyReaders({ nodes, outputs }: Graph): ReadonlySet<Node> {
  const readers = new Map<Node, number>()
  for (const node of [...nodes.flatMap(({ inputs }) => inputs), ...outputs])
    readers.set(node, (readers.get(node) ?? 0) + 1)
  return new Set([...readers].flatMap(([node, count]) => (count === 1 ? [node] : [])))
}

/** Written out as numbers, in logical order where that costs nothing. */
function leaving(emit: Emitter, value: Value): Value {
  const whole = expanded(emit, numeric(emit, value))
  return holdsOrder(whole, axesOf(whole.shape)) ? reordered(emit, whole, axesOf(whole.shape)) : whole
}

/** Gives results the names under which they leave; what is an input, or leaves twice, is copied. */
function named(operators: readonly Operator[], results: readonly string[]): Operator[] {
  const names = new Map(results.map((result, i) => [result, outputName(i)]))
  const made = new Set(operators.map(({ output }) => output))
  const nameOf = (name: string) => (made.has(name) ? (names.get(name) ?? name) : name)
  const copies = results.flatMap((result, i) =>
    made.has(result) && names.get(result) === outputName(i) ? [] : [copy(nameOf(result), outputName(i))],
  )
  return [
    ...operators.map((operator) => ({
      ...operator,
      inputs: operator.inputs.map(nameOf),
      output: nameOf(operator.output),
    })),
    ...copies,
  ]
}

const copy = (input: string, output: string): Operator => ({
  type: 'Identity',
  domain: '',
  inputs: [input],
  output,
  attributes: {},
})

const port = (name: string, value: Value): Port => ({ name, shape: storedShape(value), type: value.dtype })

function liveOperators(operators: readonly Operator[], outputs: readonly string[]) {
  const read = new Set(outputs)
  const live = operators.toReversed().filter(({ inputs, output }) => {
    if (!read.has(output)) return false
    for (const input of inputs) read.add(input)
    return true
  })
  return { live: live.toReversed(), read }
}
