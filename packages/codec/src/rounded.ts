import {
  checkArguments,
  abs,
  add,
  constant,
  div,
  equal,
  floor,
  gather,
  matMul,
  max,
  maximum,
  mean,
  minimum,
  mul,
  namedLeaves,
  neg,
  reshape,
  sign,
  sqrt,
  square,
  stopGradient,
  sub,
  transpose,
  withTensors,
  type Parameterization,
  type Rows,
  type Tree,
} from '@haba/core'
import type { Tensor } from '@tensorflow/tfjs-core'
import { roundingOf, type CodecOptions } from './options.js'
import { members, patchesOf } from './patches.js'
import type { Quantization } from './scales.js'
import { blocksOf, cosines, DEAD_ZONE, TO_BLOCKS } from './transform.js'

/** The straight-through estimator (Bengio et al. 2013): the value of `of` with the gradient of `x`. */
export const straightThrough = (x: Tensor, of: Tensor): Tensor => add(x, stopGradient(sub(of, x)))

/** The nearest integer of `0 … top`. */
export const nearestLevel = (x: Tensor, top: number): Tensor => minimum(maximum(floor(add(x, 0.5)), 0), top)

/**
 * The set rendered from rounded values, to distill it with rounding: each patch is rounded to levels between its minimum and
 * maximum, or coefficients to multiples of their step, with straight-through gradients. The parameters stay unrounded.
 * Encoding later also shares scales between patches, and enlarges steps to keep within the allowed bytes.
 */
export function rounded<P extends Tree>(
  parameterization: Parameterization<P>,
  options: CodecOptions = {},
): Parameterization<P> {
  checkArguments('rounded', { parameterization }, { parameterization: 'parameterization' })
  const seen = (params: P): P =>
    withTensors(
      params,
      [...namedLeaves(params)].map(([path, t]) => {
        const how = t.dtype === 'float32' ? roundingOf(path, t.shape, options) : undefined
        if (!how) return t
        return how.kind === 'levels' ? roundedTensor(t, how.how) : roundedCoefficients(t, how)
      }),
    )
  return { ...parameterization, render: (params: P, rows: Rows) => parameterization.render(seen(params), rows) }
}

function roundedTensor(t: Tensor, { bits, patch }: Quantization): Tensor {
  const patches = patchesOf(t.shape, patch)
  const { order, start } = members(patches)
  const most = patch * patch
  // The members of each patch; small patches repeat their first one.
  const table = Int32Array.from({ length: patches.count * most }, (_, i) => {
    const first = start[Math.floor(i / most)]!
    const nth = first + (i % most)
    return order[nth < start[Math.floor(i / most) + 1]! ? nth : first]!
  })
  const flat = stopGradient(reshape(t, [t.size]))
  const inPatches = reshape(gather(flat, constant(table, [table.length])), [patches.count, most])
  const toValues = (one: Tensor) => reshape(gather(one, constant(patches.of, [t.size])), t.shape)
  const low = neg(max(neg(inPatches), 1))
  const range = sub(max(inPatches, 1), low)
  const step = toValues(div(add(range, equal(range, 0)), 2 ** bits - 1))
  const lows = toValues(low)
  return straightThrough(t, add(mul(nearestLevel(div(sub(t, lows), step), 2 ** bits - 1), step), lows))
}

function roundedCoefficients(t: Tensor, { block, step }: { readonly block: number; readonly step: number }): Tensor {
  const blocks = blocksOf(t.shape, block)
  const [h, w, c] = blocks.side
  const size = h * w * c
  const now = stopGradient(t)
  const inBlocks = reshape(transpose(reshape(now, [...blocks.shape]), TO_BLOCKS), [blocks.count, size])
  // Row i has the weights of coefficient i. The matrix is orthogonal: its transpose is its inverse.
  const [rows, columns, channels] = [cosines(h), cosines(w), cosines(c)]
  const matrix = new Float32Array(size * size)
  for (let i = 0; i < size; i++)
    for (let j = 0; j < size; j++)
      matrix[i * size + j] =
        rows[Math.floor(i / (w * c))]![Math.floor(j / (w * c))]! *
        columns[Math.floor(i / c) % w]![Math.floor(j / c) % w]! *
        channels[i % c]![j % c]!
  const cosine = constant(matrix, [size, size])
  const coefficients = matMul(inBlocks, transpose(cosine, [1, 0]))
  const deviation = sqrt(maximum(sub(mean(square(now)), square(mean(now))), 1e-12))
  const width = mul(deviation, step)
  const levels = mul(sign(coefficients), floor(add(div(abs(coefficients), width), 1 - DEAD_ZONE)))
  const back = matMul(mul(levels, width), cosine)
  const [images, down, , across] = blocks.shape
  const values = reshape(transpose(reshape(back, [images, down, across, h, w, c]), TO_BLOCKS), t.shape)
  return straightThrough(t, values)
}
