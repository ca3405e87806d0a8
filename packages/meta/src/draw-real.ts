import { drawSome, realBatch, type Batch, type Key, type RealSource } from '@haba/core'

/** `count` random images of any class, or all if there are fewer, with one-hot targets. The caller owns the batch. */
export const drawReal = (key: Key, real: RealSource, count: number): Promise<Batch> =>
  realBatch(real, drawSome(key, Int32Array.from(real.labels.keys()), count))
