import { checkArguments } from '@haba/core'
import type { Features } from './features.js'
import { best, meanRow, rowOf, squaredDistance, type Matrix } from './matrix.js'
import type { Selection } from './selection.js'

/** Which squared distance wins: a score of it, the largest of which is taken. */
export type Preference = (distance: number) => number

/** As defined, and as in IDC's released code. */
export const nearestFirst: Preference = (distance) => -distance

/** DeepCore's released code, which takes the farthest; numbers from it are not herding's. */
export const farthestFirst: Preference = (distance) => distance

/**
 * The order of herding (Welling, ICML 2009; Rebuffi et al., CVPR 2017): repeatedly the row x that is not yet taken and
 * brings the sum of the taken ones nearest to `(k + 1) · mean`. Equals: the first row.
 */
export function herdingOrder(features: Matrix, count: number, preference: Preference = nearestFirst): Int32Array {
  const mean = meanRow(features)
  const sum = new Float64Array(features.columns)
  const taken = new Set<number>()
  while (taken.size < count) {
    const wanted = mean.map((m, j) => (taken.size + 1) * m - sum[j]!)
    const next = best(features.rows, taken, (row) => preference(squaredDistance(features, row, wanted)))
    rowOf(features, next).forEach((v, j) => (sum[j]! += v))
    taken.add(next)
  }
  return Int32Array.from(taken)
}

/** Images whose mean features follow the mean of their class. @param options.preference @default nearestFirst */
export const herding = (options: { readonly features: Features; readonly preference?: Preference }): Selection => {
  const { features, preference } = checkArguments('herding', options, { features: 'function', preference: 'function?' })
  return {
    name: 'herding',
    order: async (_, members, count) =>
      herdingOrder(await features(members), count, preference).map((row) => members[row]!),
  }
}
