import { drawSome, tensor, type Batch, type Key, type RealSource } from '@haba/core'
import type { Tensor2D } from '@tensorflow/tfjs-core'

/** `count` random images of any class, or all where there are fewer, with one-hot targets; the caller owns them. */
export async function drawReal(key: Key, real: RealSource, count: number): Promise<Batch> {
  const chosen = drawSome(key, Int32Array.from(real.labels.keys()), count)
  const targets = new Float32Array(chosen.length * real.classes)
  chosen.forEach((index, row) => (targets[row * real.classes + real.labels[index]!] = 1))
  return {
    images: await real.images(chosen),
    targets: tensor(targets, [chosen.length, real.classes]) as Tensor2D,
  }
}
