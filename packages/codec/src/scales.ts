import { keyFrom } from '@haba/core'
import { f16round } from '@petamoriken/float16'
import { clusters } from './clusters.js'
import { members, patchesOf, type Patches } from './patches.js'

/** Options of quantizing one tensor. */
export interface Quantization {
  /** Bits of each value, `1 … 8`. */
  readonly bits: number
  /** Side of the squares that share a scale and an offset, in values. */
  readonly patch: number
  /** Most pairs of scale and offset; 0: each patch has its own. */
  readonly groups: number
}

/**
 * Scales and offsets of a tensor. A value of level q decodes to `fround(fround(q · step) + low)`: the `(q − z) · a` of
 * asymmetric uniform quantization, with `low = −z · a`. Storing `low` also works for constant patches, whose step is 0, and
 * leaves z unrounded: an integer z would move a patch by up to half a step, which at 1 bit is half of its range.
 */
export interface Scales extends Quantization {
  readonly patches: Patches
  /** `[patches.count]`: the index of each patch's pair. */
  readonly pairOf: Int32Array
  /** Unit of the stored pairs, float32: the largest absolute value of the tensor. */
  readonly unit: number
  /** `[pairs]`: float16 values times `unit`. */
  readonly step: Float32Array
  /** `[pairs]`: float16 values times `unit`. */
  readonly low: Float32Array
}

/** Rounds of regrouping and refitting. */
const ROUNDS = 4

/**
 * Fits scales and offsets to values. They start as the minimum and maximum of each patch; with groups, these pairs are clustered
 * by k-means. Then each patch chooses the pair with the least squared error, and each pair is refitted to its patches: by least
 * squares, which is best for few bits, or by their common minimum and maximum, which is best if steps are so fine that clipping
 * matters more. Deterministic.
 */
export function fitScales(values: Float32Array, shape: readonly number[], how: Quantization): Scales {
  const patches = patchesOf(shape, how.patch)
  const { order, start } = members(patches)
  const top = 2 ** how.bits - 1
  const unit = values.reduce((most, value) => Math.max(most, Math.abs(value)), 0)
  const [min, max] = [new Float64Array(patches.count).fill(Infinity), new Float64Array(patches.count).fill(-Infinity)]
  patches.of.forEach((patch, i) => {
    min[patch] = Math.min(min[patch]!, values[i]!)
    max[patch] = Math.max(max[patch]!, values[i]!)
  })
  const grouped = how.groups > 0 && how.groups < patches.count
  const pairOf = Int32Array.from({ length: patches.count }, (_, p) => p)
  const ranges = grouped ? clusters(keyFrom(0), min, max, how.groups) : { first: min, second: max }
  const pairs = ranges.first.length
  const step = Float32Array.from(ranges.first, (low, g) => onHalf((ranges.second[g]! - low) / top, unit))
  const low = Float32Array.from(ranges.first, (value) => onHalf(value, unit))

  const errorOf = (patch: number, pair: number, most: number): number => {
    const [a, b] = [step[pair]!, low[pair]!]
    let error = 0
    for (let m = start[patch]!; m < start[patch + 1]! && error < most; m++) {
      const value = values[order[m]!]!
      const miss = value - (levelOf(value, a, b, top) * a + b)
      error += miss * miss
    }
    return error
  }
  const regroup = () => {
    for (let p = 0; p < patches.count; p++) {
      let least = errorOf(p, pairOf[p]!, Infinity)
      for (let g = 0; g < pairs; g++) {
        const error = errorOf(p, g, least)
        if (error < least) [least, pairOf[p]] = [error, g]
      }
    }
  }
  // The best of three candidates for a pair: unchanged, common minimum and maximum, or least squares.
  const refit = () => {
    const fits = [{ step: step.slice(), low: low.slice() }, ends(), leastSquares()]
    const errors = fits.map((fit) => {
      const sums = new Float64Array(pairs)
      for (let i = 0; i < values.length; i++) {
        const g = pairOf[patches.of[i]!]!
        const [a, b] = [fit.step[g]!, fit.low[g]!]
        sums[g]! += (values[i]! - (levelOf(values[i]!, a, b, top) * a + b)) ** 2
      }
      return sums
    })
    for (let g = 0; g < pairs; g++) {
      const best = [1, 2].reduce((found, fit) => (errors[fit]![g]! < errors[found]![g]! ? fit : found), 0)
      step[g] = fits[best]!.step[g]!
      low[g] = fits[best]!.low[g]!
    }
  }
  const ends = () => {
    const fit = { step: step.slice(), low: new Float32Array(pairs).fill(Infinity) }
    const high = new Float32Array(pairs).fill(-Infinity)
    pairOf.forEach((g, p) => {
      fit.low[g] = Math.min(fit.low[g]!, min[p]!)
      high[g] = Math.max(high[g]!, max[p]!)
    })
    for (let g = 0; g < pairs; g++) {
      if (high[g]! < fit.low[g]!) continue // no patch
      fit.step[g] = onHalf((high[g]! - fit.low[g]!) / top, unit)
      fit.low[g] = onHalf(fit.low[g]!, unit)
    }
    return fit
  }
  const leastSquares = () => {
    // For each pair: the number of values and the sums of values, levels, squared levels and products.
    const sums = new Float64Array(5 * pairs)
    for (let i = 0; i < values.length; i++) {
      const g = pairOf[patches.of[i]!]!
      const q = levelOf(values[i]!, step[g]!, low[g]!, top)
      const at = 5 * g
      sums[at]! += 1
      sums[at + 1]! += values[i]!
      sums[at + 2]! += q
      sums[at + 3]! += q * q
      sums[at + 4]! += q * values[i]!
    }
    const fit = { step: step.slice(), low: low.slice() }
    for (let g = 0; g < pairs; g++) {
      const at = 5 * g
      const [n, x, q, qq, qx] = [sums[at]!, sums[at + 1]!, sums[at + 2]!, sums[at + 3]!, sums[at + 4]!]
      if (n === 0) continue
      const spread = qq - (q * q) / n
      const slope = spread > 0 ? Math.max(0, (qx - (q * x) / n) / spread) : step[g]!
      fit.step[g] = onHalf(slope, unit)
      fit.low[g] = onHalf((x - fit.step[g]! * q) / n, unit)
    }
    return fit
  }
  if (grouped) pairOf.fill(0)
  for (let round = 0; round < ROUNDS; round++) {
    if (grouped) regroup()
    refit()
  }
  if (grouped) regroup()
  return { ...how, groups: grouped ? how.groups : 0, patches, pairOf, unit, step, low }
}

/** The nearest float16 multiple of a unit, as float32. */
const onHalf = (value: number, unit: number): number => (unit === 0 ? 0 : Math.fround(f16round(value / unit) * unit))

/** The nearest level, `0 … top`. */
const levelOf = (value: number, step: number, low: number, top: number): number =>
  step === 0 ? 0 : Math.min(top, Math.max(0, Math.round((value - low) / step)))

/** The level of every value. */
export function levelsOf(values: Float32Array, { bits, patches, pairOf, step, low }: Scales): Uint8Array {
  const top = 2 ** bits - 1
  return Uint8Array.from(values, (value, i) => {
    const pair = pairOf[patches.of[i]!]!
    return levelOf(value, step[pair]!, low[pair]!, top)
  })
}

/** The decoded values of levels, in float32 arithmetic: a rounded product, then a rounded sum. */
export const valuesOf = (levels: Uint8Array, { patches, pairOf, step, low }: Scales): Float32Array =>
  Float32Array.from(levels, (level, i) => {
    const pair = pairOf[patches.of[i]!]!
    return Math.fround(level * step[pair]!) + low[pair]!
  })
