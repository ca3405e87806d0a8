import { sizeOf, type Graph, type Node } from '@haba/core'
import { nodeMaker } from '../node-maker.js'
import { isSmallBeside, lengthsIn, scaleArithmetic, unit, type Scale } from './scales.js'
import { usesOf } from './uses.js'

/** A scale times an array; without an array, the scale itself everywhere. */
interface Term {
  readonly scale: Scale
  readonly base?: Node
}

/** The sum of a few terms. */
type Form = readonly Term[]

/** More terms than this are summed up: writing one down takes two passes over the array for every term. */
const longest = 4

/**
 * Rewrites a program so that it passes over large arrays less often. Values that are small beside them (means, scales,
 * one number a channel) are kept apart as factors of the arrays that they scale and shift; they meet each other first,
 * leave sums along the axes on which they do not change, and touch the large array at last, once. Derivatives of
 * normalizations consist of such products. The result is the same but for rounding.
 *
 * @param smallest arrays of fewer values are left as they are: a pass over them costs less than starting it. @default 4096
 */
export function hoistScales(graph: Graph, smallest = 4096): Graph {
  const maker = nodeMaker(graph)
  const { make } = maker
  const scales = scaleArithmetic(maker)
  const { isWanted, readers } = usesOf(graph)
  const forms = new Map<Node, Form>()
  const arrays = new Map<Node, Node>()

  const array = (node: Node): Node => {
    const known = arrays.get(node)
    if (known) return known
    const made = writtenOut(forms.get(node)!, node.shape)
    arrays.set(node, made)
    return made
  }

  function writtenOut(form: Form, shape: readonly number[]): Node {
    // The constant term last: it is added to what is there.
    const terms = [...form.filter(({ base }) => base), ...form.filter(({ base }) => !base)]
    const nodes = terms.map(({ scale, base }) => {
      if (!base) return scales.written(scale)
      if (!scale.node && scale.factor === 1) return base
      if (!scale.node && scale.factor === -1 && terms.length > 1) return undefined
      return make('mul', [base, scales.written(scale)], {}, shape)
    })
    const positive = nodes.filter((node) => node !== undefined)
    const negative = terms.flatMap(({ base }, i) => (nodes[i] ? [] : [base!]))
    const first = positive[0] ?? make('neg', [negative.shift()!], {}, shape)
    const sum = positive.slice(1).reduce((total, node) => make('add', [total, node], {}, shape), first)
    const all = negative.reduce((total, node) => make('sub', [total, node], {}, shape), sum)
    return sizeOf(all.shape) === sizeOf(shape) && all.shape.length === shape.length
      ? all
      : make('broadcastTo', [all], {}, shape)
  }

  const asScale = (node: Node): Scale => {
    if (node.op === 'fill') return { factor: node.attributes.value }
    const [only, ...others] = forms.get(node)!
    if (others.length > 0) return { factor: 1, node: array(node) }
    if (!only!.base) return only!.scale
    return only!.scale.node ? { factor: 1, node: array(node) } : { factor: only!.scale.factor, node: only!.base }
  }

  /** An operand of an operation with a result of `shape`; undefined where it is broadcast without being small. */
  const operand = (node: Node, shape: readonly number[]): Form | undefined => {
    if (isSmallBeside(shape, node)) return [{ scale: asScale(node) }]
    return node.shape.length === shape.length && sizeOf(node.shape) === sizeOf(shape) ? forms.get(node)! : undefined
  }

  const constant = (form: Form): Scale | undefined => (form.length === 1 && !form[0]!.base ? form[0]!.scale : undefined)
  const scaled = (form: Form, by: Scale): Form =>
    form.map(({ scale, base }) => ({ scale: scales.times(scale, by), base }))
  const single = (node: Node, form: Form): Term =>
    form.length === 1 && form[0]!.base ? form[0]! : { scale: unit, base: array(node) }

  function joined(a: Form, b: Form): Form | undefined {
    const sum = [...a]
    for (const term of b) {
      const at = sum.findIndex(({ base }) => base === term.base)
      if (at < 0) sum.push(term)
      else sum[at] = { base: term.base, scale: scales.plus(sum[at]!.scale, term.scale) }
    }
    return sum.length <= longest ? sum : undefined
  }

  function binary(node: Node, op: 'add' | 'sub' | 'mul' | 'div'): Form | undefined {
    const { shape, inputs } = node
    const [x, y] = inputs as readonly [Node, Node]
    const [a, b] = [operand(x, shape), operand(y, shape)]
    if (!a || !b) return undefined
    if (op === 'add') return joined(a, b)
    if (op === 'sub') return joined(a, scaled(b, { factor: -1 }))
    const [left, right] = [constant(a), constant(b)]
    if (op === 'mul' && left) return scaled(b, left)
    if (right) return scaled(a, op === 'mul' ? right : scales.inverse(right))
    if (left) return undefined
    const [p, q] = [single(x, a), single(y, b)]
    const scale = scales.times(p.scale, op === 'mul' ? q.scale : scales.inverse(q.scale))
    return [{ scale, base: make(op, [p.base!, q.base!], {}, shape) }]
  }

  /** A kernel as a number times a kernel; the number leaves convolutions, which are linear. */
  const scaledKernel = (kernel: Node): Term & { readonly base: Node } => {
    const [only, ...others] = forms.get(kernel)!
    const isNumber = others.length === 0 && sizeOf(only!.scale.node?.shape ?? []) === 1
    return isNumber && only!.base ? { scale: only!.scale, base: only!.base } : { scale: unit, base: array(kernel) }
  }

  /**
   * `⟨filter(x, dy), kernel⟩ = ⟨dy, conv(x, kernel)⟩`: the convolution is there anyway where a gradient is differentiated
   * along the kernel, and so the filter gradient need not be.
   */
  function innerProductWithFilter(node: Node): Form | undefined {
    const [product] = node.inputs
    if (node.op !== 'sum' || sizeOf(node.shape) !== 1 || product!.op !== 'mul' || readers(product) > 1) return undefined
    const filter = product.inputs.find((one) => one.op === 'conv2dFilter' && readers(one) === 1)
    const kernel = product.inputs.find((one) => one !== filter)
    if (filter?.op !== 'conv2dFilter' || `${kernel?.shape}` !== `${filter.shape}`) return undefined
    const { scale, base } = scaledKernel(kernel!)
    const dy = array(filter.inputs[1]!)
    const y = make('conv2d', [array(filter.inputs[0]!), base], filter.attributes, dy.shape)
    const axes = dy.shape.map((_, axis) => axis)
    const total = make('sum', [make('mul', [dy, y], {}, dy.shape)], { axes, keepDims: false }, [])
    const result = scales.written(scales.times(scale, { factor: 1, node: total }))
    return [{ scale: unit, base: node.shape.length === 0 ? result : make('reshape', [result], {}, node.shape) }]
  }

  /** Sums each term: first along the axes where its scale stays the same, then the rest with the scale. */
  function sum(x: Node, axes: readonly number[], shape: readonly number[]): Node {
    const full = x.shape
    const total = (node: Node, over: readonly number[]): Node =>
      over.length === 0
        ? node
        : make(
            'sum',
            [node],
            { axes: over, keepDims: true },
            node.shape.map((length, axis) => (over.includes(axis) ? 1 : length)),
          )
    const parts = forms.get(x)!.map(({ scale, base }) => {
      const lengths = lengthsIn(scale.node, full)
      const still = axes.filter((axis) => lengths[axis] === 1)
      const varying = axes.filter((axis) => lengths[axis] !== 1)
      if (!base) {
        const repeats = still.reduce((product, axis) => product * full[axis]!, 1)
        const node = scale.node && make('reshape', [scale.node], {}, lengths)
        return scales.written({ factor: scale.factor * repeats, node: node && total(node, varying) })
      }
      const inner = total(base, still)
      if (!scale.node && scale.factor === 1) return inner
      const by = scales.written(scale)
      return total(
        make(
          'mul',
          [inner, by],
          {},
          inner.shape.map((length, axis) => Math.max(length, lengths[axis]!)),
        ),
        varying,
      )
    })
    const kept = full.map((length, axis) => (axes.includes(axis) ? 1 : length))
    const whole = parts
      .map((part) => (sizeOf(part.shape) === sizeOf(kept) ? part : make('broadcastTo', [part], {}, kept)))
      .reduce((a, b) => make('add', [a, b], {}, kept))
    return `${whole.shape}` === `${shape}` ? whole : make('reshape', [whole], {}, shape)
  }

  function rewritten(node: Node): Form {
    const large = node.dtype === 'float32' && node.inputs.every(({ dtype }) => dtype === 'float32')
    const size = Math.max(sizeOf(node.shape), ...node.inputs.map(({ shape }) => sizeOf(shape)))
    const [x] = node.inputs
    if (large && size >= smallest)
      switch (node.op) {
        case 'fill':
          return [{ scale: { factor: node.attributes.value } }]
        case 'broadcastTo':
          if (isSmallBeside(node.shape, x!)) return [{ scale: asScale(x!) }]
          break
        case 'neg':
          return scaled(forms.get(x!)!, { factor: -1 })
        case 'add':
        case 'sub':
        case 'mul':
        case 'div': {
          const form = binary(node, node.op)
          if (form) return form
          break
        }
        case 'conv2d':
        case 'conv2dInput': {
          const { scale, base } = scaledKernel(node.inputs[1]!)
          if (scale === unit) break
          return [{ scale, base: make(node.op, [array(x!), base], node.attributes, node.shape) }]
        }
        case 'sum': {
          const product = innerProductWithFilter(node)
          if (product) return product
          const form = forms.get(x!)!
          if (form.length > 1 || form[0]!.scale !== unit)
            return [{ scale: unit, base: sum(x!, node.attributes.axes, node.shape) }]
          break
        }
        default:
      }
    const inputs = node.inputs.map(array)
    const same = inputs.every((input, i) => input === node.inputs[i])
    return [{ scale: unit, base: same ? node : make(node.op, inputs, node.attributes, node.shape, node.dtype) }]
  }

  for (const input of graph.inputs) forms.set(input, [{ scale: unit, base: input }])
  for (const node of graph.nodes) {
    if (forms.has(node)) continue
    const form = rewritten(node)
    forms.set(node, form)
    if (form.length > 1 && isWanted(node)) forms.set(node, [{ scale: unit, base: array(node) }])
  }
  return { ...ordered(graph.outputs.map(array)), inputs: graph.inputs }
}

/** What the outputs need, operands first. */
function ordered(outputs: readonly Node[]): Pick<Graph, 'nodes' | 'outputs'> {
  const nodes = new Set<Node>()
  const pending = [...outputs]
  while (pending.length > 0) {
    const node = pending.at(-1)!
    const missing = node.inputs.filter((input) => !nodes.has(input))
    if (missing.length === 0) nodes.add(pending.pop()!)
    else pending.push(...missing)
  }
  return { nodes: [...nodes], outputs }
}
