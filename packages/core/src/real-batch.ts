import type { Batch } from './spec/batch.js'
import type { RealSource } from './spec/dataset.js'
import { tensor } from './tree/host.js'

/** Labels as rows of a table with a single 1 in each: `[labels × classes]`. */
export function oneHotRows(labels: Iterable<number>, classes: number): Float32Array {
  const all = [...labels]
  const rows = new Float32Array(all.length * classes)
  all.forEach((label, row) => (rows[row * classes + label] = 1))
  return rows
}

/** Real images with one-hot targets; row r is image `indices[r]`. The caller owns the batch. */
export async function realBatch(real: RealSource, indices: Int32Array): Promise<Batch> {
  const { labels, classes } = real
  const targets = oneHotRows(
    indices.map((index) => labels[index]!),
    classes,
  )
  return { images: await real.images(indices), targets: tensor(targets, [indices.length, classes]) }
}
