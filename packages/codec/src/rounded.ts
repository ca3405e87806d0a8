import {
  add,
  constant,
  div,
  equal,
  floor,
  gather,
  max,
  maximum,
  minimum,
  mul,
  namedLeaves,
  neg,
  reshape,
  stopGradient,
  sub,
  withTensors,
  type Parameterization,
  type Rows,
  type Tree,
} from '@haba/core'
import type { Rank, Tensor, Tensor1D } from '@tensorflow/tfjs-core'
import { quantizationOf, type CodecOptions } from './codec.js'
import { members, patchesOf } from './patches.js'
import type { Quantization } from './scales.js'

/** A value that moves as `x` does: `of` now, with the derivative of `x` (Bengio et al. 2013). */
export const straightThrough = (x: Tensor, of: Tensor): Tensor => add(x, stopGradient(sub(of, x)))

/** The nearest of the whole numbers `0 … top`. */
export const nearestLevel = (x: Tensor, top: number): Tensor => minimum(maximum(floor(add(x, 0.5)), 0), top)

/**
 * The same set as it looks once it is rounded to few bits, to be distilled so: each patch to levels between its minimum and
 * maximum, with the derivative of the values themselves. (Scales are shared among patches only when the set is encoded.)
 * What is stored stays unrounded.
 */
export function rounded<P extends Tree>(
  parameterization: Parameterization<P>,
  options: CodecOptions = {},
): Parameterization<P> {
  const seen = (params: P): P =>
    withTensors(
      params,
      [...namedLeaves(params)].map(([path, t]) => {
        const how = t.dtype === 'float32' ? quantizationOf(path, t.shape, options) : undefined
        return how ? roundedTensor(t, how) : t
      }),
    )
  return { ...parameterization, render: (params: P, rows: Rows) => parameterization.render(seen(params), rows) }
}

function roundedTensor(t: Tensor, { bits, patch }: Quantization): Tensor {
  const patches = patchesOf(t.shape, patch)
  const { order, start } = members(patches)
  const most = patch * patch
  // The members of each patch; small patches name their first one again.
  const table = Int32Array.from({ length: patches.count * most }, (_, i) => {
    const first = start[Math.floor(i / most)]!
    const nth = first + (i % most)
    return order[nth < start[Math.floor(i / most) + 1]! ? nth : first]!
  })
  const flat = stopGradient(reshape<Rank.R1>(t, [t.size]))
  const inPatches = reshape(gather(flat, constant(table, [table.length]) as Tensor1D), [patches.count, most])
  const toValues = (one: Tensor) => reshape(gather(one, constant(patches.of, [t.size]) as Tensor1D), t.shape)
  const low = neg(max(neg(inPatches), 1))
  const range = sub(max(inPatches, 1), low)
  const step = toValues(div(add(range, equal(range, 0)), 2 ** bits - 1))
  const lows = toValues(low)
  return straightThrough(t, add(mul(nearestLevel(div(sub(t, lows), step), 2 ** bits - 1), step), lows))
}
