import type { Rank } from '@tensorflow/tfjs-core'
import type { Batch } from './spec/batch.js'
import type { RealSource } from './spec/dataset.js'
import { tensor } from './tree/host.js'

/** Real images with one-hot targets, row r being image `indices[r]`; the caller owns them. */
export async function realBatch(real: RealSource, indices: Int32Array): Promise<Batch> {
  const { labels, classes } = real
  const targets = new Float32Array(indices.length * classes)
  indices.forEach((index, row) => (targets[row * classes + labels[index]!] = 1))
  return { images: await real.images(indices), targets: tensor<Rank.R2>(targets, [indices.length, classes]) }
}
