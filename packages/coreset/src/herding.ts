import { checkArguments } from '@haba/core'
import type { Features } from './features.js'
import { best, meanRow, rowOf, squaredDistance, type Matrix } from './matrix.js'
import type { Selection } from './selection.js'

/** Scores a squared distance; the row with the largest score is taken. */
export type Preference = (distance: number) => number

/** As in the paper and in IDC's released code. */
export const nearestFirst: Preference = (distance) => -distance

/** As in DeepCore's released code, which takes the farthest row; its results are not those of herding. */
export const farthestFirst: Preference = (distance) => distance

/**
 * The order of herding (Welling, ICML 2009; Rebuffi et al., CVPR 2017): repeatedly takes the row that brings the sum of taken
 * rows nearest to `(k + 1) · mean`. Ties: the first row.
 */
export function herdingOrder(features: Matrix, count: number, preference: Preference = nearestFirst): Int32Array {
  const mean = meanRow(features)
  const sum = new Float64Array(features.columns)
  const taken = new Set<number>()
  while (taken.size < count) {
    const goal = mean.map((m, j) => (taken.size + 1) * m - sum[j]!)
    const next = best(features.rows, taken, (row) => preference(squaredDistance(features, row, goal)))
    rowOf(features, next).forEach((v, j) => (sum[j]! += v))
    taken.add(next)
  }
  return Int32Array.from(taken)
}

/** Selects images whose mean feature approximates that of their class. @param options.preference @default nearestFirst */
export const herding = (options: { readonly features: Features; readonly preference?: Preference }): Selection => {
  const { features, preference } = checkArguments('herding', options, { features: 'function', preference: 'function?' })
  return {
    name: 'herding',
    order: async (_, members, count) =>
      herdingOrder(await features(members), count, preference).map((row) => members[row]!),
  }
}
