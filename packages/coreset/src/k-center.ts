import { checkArguments, integers, type Key } from '@haba/core'
import type { Features } from './features.js'
import { best, meanRow, rowOf, squaredDistance, type Matrix } from './matrix.js'
import type { Selection } from './selection.js'

/** Chooses the first center, a row of the features of a class. */
export type FirstCenter = (key: Key, features: Matrix) => number

/** The row nearest to the mean (as in DC's comparison). */
export const nearestToMean: FirstCenter = (_, features) => {
  const mean = meanRow(features)
  return best(features.rows, new Set(), (row) => -squaredDistance(features, row, mean))
}

/** A random row (as in DeepCore's released code). */
export const randomFirst: FirstCenter = (key, { rows }) => integers(key, 1, rows)[0]!

/**
 * The order of k-center greedy (Sener and Savarese, ICLR 2018): repeatedly takes the row that is farthest from its nearest
 * taken row. Ties: the first row.
 */
export function kCenterOrder(features: Matrix, count: number, first: number): Int32Array {
  const nearest = new Float64Array(features.rows).fill(Infinity)
  const taken = new Set<number>()
  for (let next = first; ; next = best(features.rows, taken, (row) => nearest[row]!)) {
    taken.add(next)
    if (taken.size >= count) return Int32Array.from(taken)
    const center = rowOf(features, next)
    nearest.forEach((before, row) => (nearest[row] = Math.min(before, squaredDistance(features, row, center))))
  }
}

/** Selects images so that every image of the class is near a selected one. @param options.first @default nearestToMean */
export const kCenter = (options: { readonly features: Features; readonly first?: FirstCenter }): Selection => {
  const { features: of, first = nearestToMean } = checkArguments('kCenter', options, {
    features: 'function',
    first: 'function?',
  })
  return {
    name: 'k-center',
    order: async (key, members, count) => {
      const features = await of(members)
      return kCenterOrder(features, count, first(key, features)).map((row) => members[row]!)
    },
  }
}
