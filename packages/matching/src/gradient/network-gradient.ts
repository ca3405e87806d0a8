import type { Tensor4D } from '@tensorflow/tfjs-core'
import {
  crossEntropy,
  drawSome,
  foldIn,
  grad,
  indicesByClass,
  tensorLeaves,
  type Batch,
  type Key,
  type Mode,
  type Network,
  type RealSource,
  type Tree,
} from '@haba/core'
import type { Carried } from './carried-network.js'

/** The network of one step, and real images of all classes to measure its running statistics on. */
export type MatchedNetwork = {
  readonly weights: Tree
  readonly state: Tree
  /** `[images, height, width, channels]`; empty for networks without running statistics. */
  readonly statistics: readonly Tensor4D[]
}

const STATISTICS_PER_CLASS = 16

/** Images for `gradientUnder`: 16 of every class where the network has running statistics, as DC's released code takes. */
export async function drawStatistics(key: Key, real: RealSource, { training }: Carried): Promise<readonly Tensor4D[]> {
  if (tensorLeaves(training.state).length === 0) return []
  const own = foldIn(key, 'statistics')
  const chosen = indicesByClass(real.labels, real.classes).flatMap((members, label) => [
    ...drawSome(foldIn(own, label), members, STATISTICS_PER_CLASS),
  ])
  return [await real.images(Int32Array.from(chosen))]
}

/**
 * The gradient of the mean cross-entropy in the network's weights. Batch statistics of a single class would tell little of
 * how the network is used, so batch normalization is frozen (DC, appendix; `BNSizePC` in the released code): one training
 * pass over real images of all classes moves the running statistics by a tenth, and matching uses those.
 */
export function gradientUnder(
  network: Network,
  { weights, state, statistics }: MatchedNetwork,
): (batch: Batch) => Tree {
  const mode: Mode<Tree> =
    statistics.length === 0
      ? { kind: 'train', state }
      : { kind: 'evaluate', state: network.apply(weights, statistics[0]!, { kind: 'train', state }).state }
  return ({ images, targets }) =>
    grad((w: Tree) => crossEntropy(network.apply(w, images, mode).logits, targets), weights)
}
