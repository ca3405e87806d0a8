import { foldIn, uniform, type Key } from '@haba/core'

const ITERATIONS = 20

/**
 * Centers of at most `count` clusters of points in the plane, fewer if fewer points are distinct: Lloyd's iterations from
 * k-means++ (Arthur and Vassilvitskii, SODA 2007).
 *
 * @returns coordinates of the centers
 */
export function clusters(
  key: Key,
  first: Float64Array,
  second: Float64Array,
  count: number,
): { readonly first: Float64Array; readonly second: Float64Array } {
  const points = first.length
  const nearest = new Float64Array(points).fill(Infinity)
  const owner = new Int32Array(points)
  const [x, y] = [[first[0]!], [second[0]!]]
  const distance = (i: number, c: number) => (first[i]! - x[c]!) ** 2 + (second[i]! - y[c]!) ** 2
  for (;;) {
    const last = x.length - 1
    for (let i = 0; i < points; i++) nearest[i] = Math.min(nearest[i]!, distance(i, last))
    const total = nearest.reduce((sum, d) => sum + d, 0)
    if (x.length === count || total === 0) break
    let left = total * uniform(foldIn(key, x.length), 1)[0]!
    const found = nearest.findIndex((d) => (left -= d) < 0)
    const chosen = found < 0 ? points - 1 : found
    x.push(first[chosen]!)
    y.push(second[chosen]!)
  }
  for (let iteration = 0; iteration < ITERATIONS; iteration++) {
    const sums = new Float64Array(3 * x.length)
    for (let i = 0; i < points; i++) {
      let [best, least] = [owner[i]!, distance(i, owner[i]!)]
      for (let c = 0; c < x.length; c++) {
        const d = distance(i, c)
        if (d < least) [best, least] = [c, d]
      }
      owner[i] = best
      sums[3 * best]! += first[i]!
      sums[3 * best + 1]! += second[i]!
      sums[3 * best + 2]!++
    }
    for (let c = 0; c < x.length; c++) {
      const size = sums[3 * c + 2]!
      if (size > 0) [x[c], y[c]] = [sums[3 * c]! / size, sums[3 * c + 1]! / size]
    }
  }
  return { first: Float64Array.from(x), second: Float64Array.from(y) }
}
