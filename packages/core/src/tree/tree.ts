import { Tensor } from '@tensorflow/tfjs-core'
import { HabaError } from '../errors.js'
import { exactJson } from '../exact-json.js'
import type { Args, Tree } from '../spec/tree.js'
import { tensor } from './host.js'

type AnyTree = Args | Tree
const isTensor = (x: unknown): x is Tensor => x instanceof Tensor
const isRecord = (x: AnyTree): x is { readonly [name: string]: AnyTree & Args } =>
  typeof x === 'object' && x !== null && !isTensor(x) && !Array.isArray(x)
const names = (x: object): string[] => Object.keys(x).sort()

function visit(tree: AnyTree, path: string, see: (leaf: unknown, path: string) => void): void {
  const inside = (name: string | number) => (path === '' ? `${name}` : `${path}.${name}`)
  if (Array.isArray(tree)) tree.forEach((child: AnyTree, i) => visit(child, inside(i), see))
  else if (isRecord(tree)) for (const name of names(tree)) visit(tree[name], inside(name), see)
  else see(tree, path)
}

/** A tree of the same structure with every leaf replaced. */
function rebuild(tree: AnyTree, replace: (leaf: unknown) => unknown): unknown {
  if (Array.isArray(tree)) return tree.map((child: AnyTree) => rebuild(child, replace))
  if (isRecord(tree)) {
    // Leaves are replaced in sorted order, but names keep the order of the tree.
    const made = new Map(names(tree).map((name) => [name, rebuild(tree[name], replace)]))
    return Object.fromEntries(Object.keys(tree).map((name) => [name, made.get(name)]))
  }
  return replace(tree)
}

/** All tensors of a tree; record keys in sorted order. */
export function tensorLeaves(tree: AnyTree): readonly Tensor[] {
  const leaves: Tensor[] = []
  visit(tree, '', (leaf) => isTensor(leaf) && leaves.push(leaf))
  return leaves
}

/** Whether a leaf of a set's parameters is fixed (int32): stored, but never updated. */
export const isFixed = (leaf: Tensor): boolean => leaf.dtype === 'int32'

/** All tensors of a tree by their dotted paths, such as `bases` or `hallucinators.encode.kernel`. */
export function namedLeaves(tree: AnyTree): ReadonlyMap<string, Tensor> {
  const leaves = new Map<string, Tensor>()
  visit(tree, '', (leaf, path) => isTensor(leaf) && leaves.set(path, leaf))
  return leaves
}

/** The tree with its tensors replaced, in the order of `tensorLeaves`; static leaves are unchanged. */
export function withTensors<T extends AnyTree>(tree: T, tensors: readonly Tensor[]): T {
  let next = 0
  const result = rebuild(tree, (leaf) => (isTensor(leaf) ? tensors[next++] : leaf)) as T
  if (next !== tensors.length)
    throw new HabaError('tree', `${next} tensors`, `${tensors.length}`, 'Pass one for every tensor leaf.')
  return result
}

/**
 * Applies a function to the corresponding tensors of trees of equal structure.
 *
 * @example `mapTree((p, g) => sub(p, mul(g, 0.1)), params, grads)`
 */
export function mapTree<T extends AnyTree>(
  fn: (...leaves: readonly Tensor[]) => Tensor,
  tree: T,
  ...others: readonly AnyTree[]
): T {
  const columns = [tree, ...others].map(tensorLeaves)
  const count = columns[0]!.length
  if (columns.some((column) => column.length !== count))
    throw new HabaError(
      'mapTree',
      'trees of equal structure',
      columns.map((c) => `${c.length} leaves`).join(', '),
      'Check which tree lacks a part.',
    )
  return withTensors(
    tree,
    columns[0]!.map((_, i) => fn(...columns.map((column) => column[i]!))),
  )
}

/** Frees every tensor of every tree. */
export function disposeTree(...trees: readonly AnyTree[]): void {
  for (const tree of trees) for (const leaf of tensorLeaves(tree)) leaf.dispose()
}

/** The signature of arguments: everything that a compiled function depends on except the values of tensors. */
export function signature(args: readonly Args[]): string {
  const parts: string[] = []
  args.forEach((arg, i) =>
    visit(arg, `${i}`, (leaf, path) =>
      parts.push(`${path}=${isTensor(leaf) ? `${leaf.dtype}[${leaf.shape}]` : exactJson(leaf)}`),
    ),
  )
  return parts.join(';')
}

const whole = (x: Tensor): unknown => ({ shape: x.shape, dtype: x.dtype, values: [...x.dataSync()] })

/**
 * A tree's tensors as plain JSON data: `{ $tensor: … }` in place of each, in the order of `tensorLeaves`.
 *
 * @param of the content of `$tensor` @default `{ shape, dtype, values }`; floats are exact
 */
export const treeToJson = (tree: AnyTree, of: (x: Tensor) => unknown = whole): unknown =>
  rebuild(tree, (leaf) => (isTensor(leaf) ? { $tensor: of(leaf) } : leaf))

interface TensorJson {
  readonly $tensor: {
    readonly shape: readonly number[]
    readonly dtype: 'float32' | 'int32'
    readonly values: readonly number[]
  }
}

/** The inverse of `treeToJson`. */
// The caller says what was written.
export const treeFromJson = <T extends AnyTree>(json: unknown): T => fromJson(json) as T

const isTensorJson = (json: object): json is TensorJson => '$tensor' in json

function fromJson(json: unknown): unknown {
  if (Array.isArray(json)) return json.map(fromJson)
  if (typeof json !== 'object' || json === null) return json
  if (isTensorJson(json)) return tensor(json.$tensor.values, json.$tensor.shape, json.$tensor.dtype)
  return Object.fromEntries(Object.entries(json).map(([name, child]) => [name, fromJson(child)]))
}
