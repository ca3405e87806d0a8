import type { Tensor } from '@tensorflow/tfjs-core'
import {
  checkFinite,
  fromSafetensors,
  HabaError,
  namedLeaves,
  parseJson,
  tensorLeaves,
  toSafetensors,
  treeToJson,
  type Args,
} from '@haba/core'
import { readWhole, writeWhole } from '@haba/core/files'

/** Placeholder of a tensor in the JSON structure. */
interface TensorMark {
  readonly $tensor: string
}

/**
 * Writes a tree to one safetensors file with checksums: tensors by their paths, everything else as JSON in the metadata. The
 * write is atomic.
 *
 * @throws HabaError naming the first tensor that holds NaN or an infinity; nothing is written then
 */
export async function saveTree(path: string, tree: Args): Promise<void> {
  checkFinite(`checkpoint ${path}`, tree, 'before it was written', 'Nothing was written.')
  const tensors = namedLeaves(tree)
  const names = tensors.keys()
  const marks = treeToJson(tree, () => names.next().value)
  await writeWhole(path, toSafetensors(tensors, { structure: JSON.stringify(marks) }))
}

/** Reads a tree that `saveTree` wrote, bit for bit. @throws HabaError naming the file if it is damaged */
export async function loadTree<T extends Args>(path: string): Promise<T> {
  const { tensors, metadata } = fromSafetensors(path, await readWhole(path), 'checkpoint')
  if (metadata.structure === undefined)
    throw new HabaError(
      `checkpoint ${path}`,
      'a tree written by saveTree',
      'no structure in its metadata',
      'Choose another file.',
    )
  const restore = (x: unknown): unknown => {
    if (Array.isArray(x)) return x.map(restore)
    if (typeof x !== 'object' || x === null) return x
    if ('$tensor' in x) return found((x as TensorMark).$tensor)
    return Object.fromEntries(Object.entries(x).map(([name, child]) => [name, restore(child)]))
  }
  const found = (name: string): Tensor => {
    const t = tensors.get(name)
    if (!t) throw new HabaError(`checkpoint ${path}`, `a tensor "${name}"`, 'none', 'The file is damaged.')
    return t
  }
  let structure: unknown
  try {
    structure = parseJson(metadata.structure)
  } catch (cause) {
    const got = (cause as Error).message
    throw new HabaError(`checkpoint ${path}`, 'a structure in JSON', got, 'The file is damaged.', { cause })
  }
  const tree = restore(structure) as T
  if (tensorLeaves(tree).length !== tensors.size)
    throw new HabaError(
      `checkpoint ${path}`,
      `${tensors.size} tensors in its structure`,
      `${tensorLeaves(tree).length}`,
      'The file is damaged.',
    )
  return tree
}
