import { disposeTree, HabaError, keyFrom, namedLeaves, tensor, withTensors, type Network, type Tree } from '@haba/core'
import type { Tensor } from '@tensorflow/tfjs-core'

/** The path of a tensor in the tree, and its name in PyTorch's reference networks. */
export interface NamedParameter {
  readonly path: string
  readonly pytorch: string
}

/** A network whose weights can be exchanged with PyTorch. */
export interface NamedNetwork<W extends Tree = Tree, S extends Tree = Tree> extends Network<W, S> {
  /** Weights in the order of PyTorch's `parameters()`: the order of flat vectors and recorded experts. */
  readonly parameters: readonly NamedParameter[]
  /** Running moments, in the order of PyTorch's buffers. */
  readonly statistics: readonly NamedParameter[]
}

/** Axes of PyTorch in our order: OIHW → HWIO, CHW → HWC, [out, in] → [in, out]. */
const OURS = [[], [0], [1, 0], [1, 2, 0], [2, 3, 1, 0]] as const
/** Our axes in the order of PyTorch. */
const THEIRS = [[], [0], [1, 0], [2, 0, 1], [3, 2, 0, 1]] as const

/**
 * Weights and state of a network from PyTorch tensors (OIHW kernels, `[out, in]` linear weights), as new tensors.
 *
 * @param tensors a state dictionary, running moments optional; or the parameters in order, as in recorded experts
 * @throws HabaError if a tensor is missing or has another shape
 */
export function fromPyTorch<W extends Tree, S extends Tree>(
  network: NamedNetwork<W, S>,
  tensors: Readonly<Record<string, Tensor>> | readonly Tensor[],
): { readonly weights: W; readonly state: S } {
  const named = Array.isArray(tensors)
    ? Object.fromEntries(network.parameters.map(({ pytorch }, i) => [pytorch, (tensors as readonly Tensor[])[i]]))
    : (tensors as Readonly<Record<string, Tensor>>)
  if (Array.isArray(tensors) && tensors.length !== network.parameters.length)
    throw new HabaError(
      network.name,
      `${network.parameters.length} parameters`,
      `${tensors.length}`,
      'Check that they have the same architecture.',
    )
  const template = network.init(keyFrom(0))
  const statistics = network.statistics.filter(({ pytorch }) => named[pytorch])
  const result = {
    weights: replaced(network.name, template.weights, network.parameters, named),
    state: replaced(network.name, template.state, statistics, named),
  }
  disposeTree(template.weights)
  if (statistics.length > 0) disposeTree(template.state)
  return result
}

function replaced<T extends Tree>(
  who: string,
  template: T,
  names: readonly NamedParameter[],
  tensors: Readonly<Record<string, Tensor | undefined>>,
): T {
  const pytorch = new Map(names.map((name) => [name.path, name.pytorch]))
  const leaves = [...namedLeaves(template)].map(([path, leaf]) => {
    const name = pytorch.get(path)
    if (name === undefined) return leaf
    const source = tensors[name]
    const expected = THEIRS[leaf.rank as 1].map((axis) => leaf.shape[axis])
    if (!source || String(source.shape) !== String(expected))
      throw new HabaError(
        who,
        `${name} [${expected}]`,
        source ? `[${source.shape}]` : 'no such tensor',
        'Check that the tensors have the same architecture, image size and classes.',
      )
    return permuted(source, OURS[leaf.rank as 1])
  })
  return withTensors(template, leaves)
}

/** A network's weights and state as PyTorch tensors by name, in the order of a state dictionary's parameters, then moments. */
export function toPyTorch<W extends Tree, S extends Tree>(
  network: NamedNetwork<W, S>,
  { weights, state }: { readonly weights: W; readonly state: S },
): Readonly<Record<string, Tensor>> {
  const rows = (tree: Tree, names: readonly NamedParameter[]) => {
    const leaves = namedLeaves(tree)
    return names.map(({ path, pytorch }) => {
      const leaf = leaves.get(path)
      if (!leaf) throw new HabaError(network.name, `weights with ${path}`, 'none', 'Pass weights of this network.')
      return [pytorch, permuted(leaf, THEIRS[leaf.rank as 1])]
    })
  }
  return Object.fromEntries([...rows(weights, network.parameters), ...rows(state, network.statistics)])
}

/** A copy whose axis i is the source's axis `order[i]`. */
function permuted(source: Tensor, order: readonly number[]): Tensor {
  const values = source.dataSync()
  const shape = order.map((axis) => source.shape[axis]!)
  const strides = order.map((axis) => source.shape.slice(axis + 1).reduce((product, length) => product * length, 1))
  const result = new Float32Array(values.length)
  let next = 0
  const copy = (axis: number, offset: number): void => {
    if (axis === shape.length) result[next++] = values[offset]!
    else for (let i = 0; i < shape[axis]!; i++) copy(axis + 1, offset + i * strides[axis]!)
  }
  copy(0, 0)
  return tensor(result, shape)
}
