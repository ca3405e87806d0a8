import type { Scalar } from '@tensorflow/tfjs-core'
import { add, mul } from '../ops/elementwise.js'
import { sum } from '../ops/layout.js'
import { fill } from '../ops/sources.js'
import type { Tree } from '../spec/tree.js'
import { tensorLeaves } from '../tree/tree.js'

/** `Σ a·b` over all tensors of two trees of equal structure. */
export function innerProduct(a: Tree, b: Tree): Scalar {
  const others = tensorLeaves(b)
  return tensorLeaves(a)
    .map((x, i) => sum(mul(x, others[i]!)))
    .reduce((total, term) => add(total, term), fill([], 0))
}
