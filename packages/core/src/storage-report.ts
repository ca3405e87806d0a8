import { bitsOfIndexSets } from './index-sets.js'
import type { Parameterization, StorageReport } from './spec/synthetic.js'
import type { Tree } from './spec/tree.js'
import { labelBytes } from './stored-labels.js'
import { isFixed, namedLeaves } from './tree/tree.js'

/** Adds up parts. In a file each part takes whole bytes, so padding counts. */
export function storageReport(parts: StorageReport['parts']): StorageReport {
  const total = (of: 'floats' | 'bytes') => parts.reduce((sum, part) => sum + part[of], 0)
  const bits = 8 * total('bytes')
  return { parts, floats: total('floats'), bits, bytes: Math.ceil(bits / 8) }
}

/**
 * What a set stores: what its parameterization says, if it says so; otherwise its tensors, 4 bytes a number, and its
 * labels. Learned tensors are one part for each name at the top of the parameters, such as `hallucinators`; each fixed
 * tensor is a part of its own, index sets as they are packed.
 */
export function storageOf<P extends Tree>(
  parameterization: Pick<Parameterization<P>, 'storage' | 'layout' | 'indexSets'>,
  params: P,
): StorageReport {
  const { layout, indexSets } = parameterization
  if (parameterization.storage) return parameterization.storage(params)
  const parts = new Map<string, { floats: number; bytes: number }>()
  for (const [path, leaf] of namedLeaves(params)) {
    const fixed = isFixed(leaf)
    const below = indexSets?.[path]?.below
    const [rows = 0, size = 0] = leaf.shape
    const words = below === undefined ? leaf.size : Math.ceil(bitsOfIndexSets({ rows, size, below }) / 32)
    const name = fixed ? path : path.split('.')[0]!
    const { floats, bytes } = parts.get(name) ?? { floats: 0, bytes: 0 }
    parts.set(name, { floats: floats + (fixed ? 0 : leaf.size), bytes: bytes + 4 * words })
  }
  const named = [...parts].map(([name, part]) => ({ name, ...part }))
  return storageReport([...named, { name: 'labels', floats: 0, bytes: labelBytes(layout) }])
}
