import { HabaError } from '@haba/core'

/** Mean and population standard deviation (the field's `np.std`) of test accuracies, as fractions. */
export interface Accuracy {
  readonly mean: number
  readonly std: number
  /** One per network. */
  readonly accuracies: readonly number[]
}

/** Mean and population standard deviation. */
export function summarize(accuracies: readonly number[]): Accuracy {
  const mean = sum(accuracies) / accuracies.length
  const variance = sum(accuracies.map((a) => (a - mean) ** 2)) / accuracies.length
  return { mean, std: Math.sqrt(variance), accuracies }
}

/**
 * Half the width of the 95 % confidence interval of a mean, by Student's t with the unbiased standard deviation. Undefined for
 * fewer than two values.
 */
export function halfInterval95(values: readonly number[]): number | undefined {
  const n = values.length
  if (n < 2) return undefined
  const mean = sum(values) / n
  const deviation = Math.sqrt(sum(values.map((v) => (v - mean) ** 2)) / (n - 1))
  return (studentQuantile(n - 1) * deviation) / Math.sqrt(n)
}

/** The t with `P(|T| < t) = inside` for integer degrees of freedom. @param inside @default 0.95 */
export function studentQuantile(degrees: number, inside = 0.95): number {
  if (!Number.isInteger(degrees) || degrees < 1)
    throw new HabaError(
      'studentQuantile',
      'whole degrees of freedom from 1',
      `${degrees}`,
      'It is the number of values minus 1.',
    )
  let [low, high] = [0, 1]
  while (within(high, degrees) < inside) high *= 2
  for (let i = 0; i < 60; i++) {
    const middle = (low + high) / 2
    if (within(middle, degrees) < inside) low = middle
    else high = middle
  }
  return high
}

/** `P(|T| < t)`: a finite sum for integer degrees of freedom (Abramowitz and Stegun 26.7.3, 26.7.4). */
function within(t: number, degrees: number): number {
  const angle = Math.atan(t / Math.sqrt(degrees))
  const square = Math.cos(angle) ** 2
  const odd = degrees % 2 === 1
  let term = odd ? Math.cos(angle) : 1
  let total = degrees === 1 ? 0 : term
  for (let k = odd ? 3 : 2; k <= degrees - 2; k += 2) {
    term *= (square * (k - 1)) / k
    total += term
  }
  return odd ? (2 / Math.PI) * (angle + Math.sin(angle) * total) : Math.sin(angle) * total
}

const sum = (values: readonly number[]): number => values.reduce((total, v) => total + v, 0)
