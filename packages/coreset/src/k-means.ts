import { checkArguments, foldIn, HabaError, integers, uniform, type Key } from '@haba/core'
import type { Features } from './features.js'
import { best, rowOf, squaredDistance, type Matrix } from './matrix.js'
import type { Selection } from './selection.js'

/**
 * Centers of `count` clusters: Lloyd's iterations from k-means++ (Arthur and Vassilvitskii, SODA 2007), until convergence. An
 * empty cluster keeps its center.
 *
 * @returns one center `[columns]` per cluster
 */
export function kMeansCenters(key: Key, features: Matrix, count: number, iterations: number): readonly Float64Array[] {
  let centers = plusPlus(key, features, count)
  let owner = new Int32Array(features.rows).fill(-1)
  for (let i = 0; i < iterations; i++) {
    const next = owner.map((_, row) => nearestOf(features, row, centers))
    if (next.every((c, row) => c === owner[row])) break
    owner = next
    centers = centers.map((before, c) => meanOf(features, owner, c) ?? before)
  }
  return centers
}

/** The first center uniformly at random, each next one with probability proportional to the squared distance from the nearest center. */
function plusPlus(key: Key, features: Matrix, count: number): readonly Float64Array[] {
  const centers = [Float64Array.from(rowOf(features, integers(foldIn(key, 'first'), 1, features.rows)[0]!))]
  const nearest = new Float64Array(features.rows).fill(Infinity)
  while (centers.length < count) {
    const last = centers.at(-1)!
    nearest.forEach((before, row) => (nearest[row] = Math.min(before, squaredDistance(features, row, last))))
    const total = nearest.reduce((sum, d) => sum + d, 0)
    let left = total * uniform(foldIn(key, centers.length), 1, 0, 1)[0]!
    const row = nearest.findIndex((d) => (left -= d) < 0)
    centers.push(Float64Array.from(rowOf(features, row < 0 ? features.rows - 1 : row)))
  }
  return centers
}

const nearestOf = (features: Matrix, row: number, centers: readonly Float64Array[]): number =>
  best(centers.length, new Set(), (c) => -squaredDistance(features, row, centers[c]!))

function meanOf(features: Matrix, owner: Int32Array, cluster: number): Float64Array | undefined {
  const sum = new Float64Array(features.columns)
  let members = 0
  owner.forEach((own, row) => {
    if (own !== cluster) return
    members++
    rowOf(features, row).forEach((v, j) => (sum[j]! += v))
  })
  return members === 0 ? undefined : sum.map((v) => v / members)
}

/** Options of `kMeans`. */
export interface KMeansOptions {
  readonly features: Features
  /** Most iterations. @default 20 */
  readonly iterations?: number
}

/** Selects the images nearest to the centers of as many clusters of their class. @throws HabaError for fewer than 1 iteration */
export function kMeans(options: KMeansOptions): Selection {
  const { features, iterations = 20 } = checkArguments('kMeans', options, { features: 'function' })
  if (!Number.isInteger(iterations) || iterations < 1)
    throw new HabaError('kMeans', 'at least 1 iteration', `${iterations}`, '')
  return {
    name: 'k-means',
    order: async (key, members, count) => {
      const matrix = await features(members)
      const taken = new Set<number>()
      for (const center of kMeansCenters(key, matrix, count, iterations))
        taken.add(best(matrix.rows, taken, (row) => -squaredDistance(matrix, row, center)))
      return Int32Array.from(taken, (row) => members[row]!)
    },
  }
}
