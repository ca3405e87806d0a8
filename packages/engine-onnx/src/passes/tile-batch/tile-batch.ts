import { sizeOf, type Graph, type Node } from '@haba/core'
import { nodeMaker } from '../node-maker.js'
import { cutOf, type Cut } from './cut.js'

/** What of a program is computed part by part, and what needs results of all parts. */
interface Plan {
  readonly cuts: ReadonlyMap<Node, Cut>
  /** Computed once all parts are there, from their sums or from their rows put together. */
  readonly after: ReadonlySet<Node>
  /** Comes in parts, and is put together. */
  readonly joined: ReadonlySet<Node>
}

/** Rows put together again are copied: at most this share of the largest array may be. */
const mostJoined = 1 / 4

/**
 * Computes large batches of images part by part, so that what one operator writes is still in the cache when the next
 * reads it: for 256 images and the usual ConvNet, a forward pass took 0.7 of the time and half the memory, a step of
 * training 0.85 and two thirds. What sums over the batch is summed over the parts. Where all of a batch is needed at
 * once, as by batch normalization, the program stays as it is. The result is the same but for rounding.
 *
 * @param bytes of the largest array of a part
 */
export function tileBatch(graph: Graph, bytes: number): Graph {
  const large = (node: Node) => makesMaps(node) && bytesOf(node) >= 2 * bytes
  const batches = new Set(graph.nodes.filter(large).map(({ shape }) => shape[0]!))
  return [...batches].reduce((whole, batch) => {
    const plan = planned(whole, ({ op, shape }) => op === 'conv2d' && shape[0] === batch)
    const largest = Math.max(
      ...[...plan.cuts].map(([node, cut]) => (typeof cut.result === 'number' ? bytesOf(node) : 0)),
    )
    const copied = [...plan.joined].reduce((total, node) => total + bytesOf(node), 0)
    const count = Math.min(batch, Math.ceil(largest / bytes))
    return copied > mostJoined * largest || count < 2 ? whole : carriedOut(whole, plan, batch, count)
  }, graph)
}

/** Convolutions, and products that stand for one (`conv2dInstanceNorm`). */
const makesMaps = ({ op, shape }: Node) => op === 'conv2d' || (op === 'matMul' && shape.length > 2)

/** Broadcasts are not written out. */
const bytesOf = ({ op, shape }: Node) => (op === 'broadcastTo' || op === 'fill' ? 0 : 4 * sizeOf(shape))

/** Follows the batch from the convolutions that start it to where it ends. */
function planned({ nodes, outputs }: Graph, starts: (node: Node) => boolean): Plan {
  const cuts = new Map<Node, Cut>()
  const after = new Set<Node>()
  const joined = new Set<Node>()
  const axisOf = (node: Node) => {
    const result = cuts.get(node)?.result
    return typeof result === 'number' ? result : undefined
  }
  for (const node of nodes) {
    const axes = node.inputs.map(axisOf)
    const late = node.inputs.some((input) => after.has(input) || typeof cuts.get(input)?.result === 'string')
    const follows = axes.some((axis) => axis !== undefined)
    const cut = late ? undefined : follows ? cutOf(node, axes) : starts(node) ? cutOf(node, [0, undefined]) : undefined
    if (cut) cuts.set(node, cut)
    else if (late || follows) {
      after.add(node)
      for (const [i, input] of node.inputs.entries()) if (axes[i] !== undefined) joined.add(input)
    }
  }
  for (const output of outputs) if (axisOf(output) !== undefined) joined.add(output)
  return { cuts, after, joined }
}

function carriedOut(graph: Graph, { cuts, after, joined }: Plan, batch: number, count: number): Graph {
  const { make } = nodeMaker(graph)
  const nodes = new Set(graph.nodes.filter((node) => !cuts.has(node) && !after.has(node)))
  const made: typeof make = (...args) => {
    const node = make(...args)
    nodes.add(node)
    return node
  }
  const totals = new Map<Node, Node>()
  const rows = new Map<Node, Node[]>([...joined].map((node) => [node, []]))
  for (let part = 0; part < count; part++) {
    const from = Math.floor((part * batch) / count)
    const length = Math.floor(((part + 1) * batch) / count) - from
    const here = new Map<Node, Node>()
    const read = (node: Node, axis: number | undefined): Node => {
      if (axis === undefined || here.has(node)) return here.get(node) ?? node
      const begin = node.shape.map((_, i) => (i === axis ? from : 0))
      return made('slice', [node], { begin }, node.shape.with(axis, length), node.dtype)
    }
    for (const [node, { operands, result }] of cuts) {
      const inputs = node.inputs.map((input, i) => read(input, operands[i]))
      const shape = typeof result === 'number' ? node.shape.with(result, length) : node.shape
      const one = made(node.op, inputs, node.attributes, shape, node.dtype)
      if (typeof result === 'number') here.set(node, one)
      else {
        const before = totals.get(node)
        totals.set(node, before ? made(result, [before, one], {}, shape, node.dtype) : one)
      }
      rows.get(node)?.push(one)
    }
  }
  const whole = new Map(totals)
  for (const [node, parts] of rows)
    whole.set(node, made('concat', parts, { axis: cuts.get(node)!.result as number }, node.shape, node.dtype))
  const now = (node: Node) => whole.get(node) ?? node
  for (const node of after)
    whole.set(node, made(node.op, node.inputs.map(now), node.attributes, node.shape, node.dtype))
  return { inputs: graph.inputs, nodes: [...nodes], outputs: graph.outputs.map(now) }
}
