import { readFile, rename, writeFile } from 'node:fs/promises'
import type { Tensor } from '@tensorflow/tfjs-core'
import {
  fromSafetensors,
  HabaError,
  namedLeaves,
  tensorLeaves,
  toSafetensors,
  withTensors,
  type Args,
} from '@haba/core'

/** A place-holder for a tensor in the JSON structure. */
interface TensorMark {
  readonly $tensor: string
}

/**
 * Writes a whole tree to one safetensors file: tensors by their paths, everything else as JSON in its metadata. The file
 * appears whole or not at all.
 */
export async function saveTree(path: string, tree: Args): Promise<void> {
  const tensors = namedLeaves(tree)
  const names = [...tensors.keys()]
  const marks = withTensors(
    tree,
    names.map((name) => ({ $tensor: name }) as unknown as Tensor),
  )
  await writeFile(`${path}.partial`, toSafetensors(tensors, { structure: JSON.stringify(marks) }))
  await rename(`${path}.partial`, path)
}

/** Reads back what `saveTree` wrote, bit for bit. @throws HabaError naming the file where it is damaged */
export async function loadTree<T extends Args>(path: string): Promise<T> {
  const { tensors, metadata } = fromSafetensors(path, await readFile(path))
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
  const tree = restore(JSON.parse(metadata.structure)) as T
  if (tensorLeaves(tree).length !== tensors.size)
    throw new HabaError(
      `checkpoint ${path}`,
      `${tensors.size} tensors in its structure`,
      `${tensorLeaves(tree).length}`,
      'The file is damaged.',
    )
  return tree
}
