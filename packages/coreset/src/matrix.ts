/** A matrix, such as the features of images. */
export interface Matrix {
  /** `[rows · columns]`, row-major. */
  readonly values: Float32Array
  readonly rows: number
  readonly columns: number
}

/** The mean row, in float64: `[columns]`. */
export function meanRow({ values, rows, columns }: Matrix): Float64Array {
  const mean = new Float64Array(columns)
  for (let row = 0; row < rows; row++) for (let j = 0; j < columns; j++) mean[j]! += values[row * columns + j]! / rows
  return mean
}

/** Squared Euclidean distance of a row to a point `[columns]`. */
export function squaredDistance({ values, columns }: Matrix, row: number, point: ArrayLike<number>): number {
  let total = 0
  for (let j = 0, at = row * columns; j < columns; j++, at++) total += (values[at]! - point[j]!) ** 2
  return total
}

/** A row, without a copy. */
export const rowOf = ({ values, columns }: Matrix, row: number): Float32Array =>
  values.subarray(row * columns, (row + 1) * columns)

/** The untaken row with the largest score; ties: the first. */
export function best(rows: number, taken: ReadonlySet<number>, score: (row: number) => number): number {
  let [winner, most] = [-1, -Infinity]
  for (let row = 0; row < rows; row++) {
    if (taken.has(row)) continue
    const own = score(row)
    if (own > most || winner < 0) [winner, most] = [row, own]
  }
  return winner
}
