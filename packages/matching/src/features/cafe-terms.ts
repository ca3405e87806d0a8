import type { Scalar, Tensor, Tensor2D } from '@tensorflow/tfjs-core'
import {
  oneHotRows,
  crossEntropy,
  matMul,
  mul,
  square,
  stopGradient,
  sub,
  sum,
  constant,
  transpose,
  type NetworkOutput,
  type Tree,
} from '@haba/core'
import { classMeans } from '../class-batch.js'

/** A class-contiguous batch as a network sees it. */
export interface Tapped {
  /** From shallow to deep, each `[images, …]`; the last are the features `[images, features]`. */
  readonly taps: readonly Tensor[]
  /** Images of each class. */
  readonly counts: readonly number[]
}

/** The terms of CAFE, before weighting. */
export interface CafeTerms {
  /** For each tap: `Σ ‖mean(real) - mean(synthetic)‖²` over classes and positions (eq. 2). */
  readonly layers: readonly Scalar[]
  /** The classes' mean features over the synthetic images: `[classes, features]`. */
  readonly centers: Tensor2D
  /** Inner products of every real feature with the centers: `[real images, classes]`. */
  readonly products: Tensor2D
  /** Cross-entropy of these, summed over real images (eq. 4). */
  readonly discrimination: Scalar
}

/** A network's maps from shallow to deep, then its features; a ConvNet of depth 3 has CAFE's five. */
export const tapsOf = ({ maps = [], features }: NetworkOutput<Tree>): readonly Tensor[] => [...maps, features]

/** The two losses of CAFE (Wang et al., CVPR 2022, §3.2 and §3.3); the real side is constant, the centers are not. */
export function cafeTerms(real: Tapped, synthetic: Tapped): CafeTerms {
  const layers = synthetic.taps.map((tap, i) => {
    const target = stopGradient(classMeans(real.taps[i]!, real.counts))
    return sum(square(sub(target, classMeans(tap, synthetic.counts))))
  })
  const centers = classMeans(synthetic.taps.at(-1)!, synthetic.counts)
  const products = matMul(stopGradient(real.taps.at(-1)!) as Tensor2D, transpose(centers, [1, 0]))
  const discrimination = mul(crossEntropy(products, targetsOf(real.counts)), products.shape[0])
  return { layers, centers, products, discrimination }
}

/** One-hot rows of a class-contiguous batch. */
function targetsOf(counts: readonly number[]): Tensor2D {
  const labels = counts.flatMap((count, label) => new Array<number>(count).fill(label))
  return constant(oneHotRows(labels, counts.length), [labels.length, counts.length])
}
