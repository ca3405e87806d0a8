import { tensor } from './tree/host.js'
import type { Layout } from './spec/synthetic.js'
import type { Tensor } from '@tensorflow/tfjs-core'
import { varints } from './varints.js'

/**
 * The labels of a set as its file stores them: for a class-major layout the number of slots of each class, as varints of a byte
 * or two; otherwise int32 `[slots]`.
 */
export function storedLabels({ labels, classes }: Pick<Layout, 'labels' | 'classes'>): Uint8Array | Tensor {
  if (labels.some((label, slot) => slot > 0 && label < labels[slot - 1]!)) return tensor(labels, [labels.length])
  const counts = new Array<number>(classes).fill(0)
  for (const label of labels) counts[label]!++
  return varints(...counts)
}

/** The bytes that labels take in a file. */
export function labelBytes(layout: Pick<Layout, 'labels' | 'classes'>): number {
  const stored = storedLabels(layout)
  return stored instanceof Uint8Array ? stored.length : 4 * stored.size
}
