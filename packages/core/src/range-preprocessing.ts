import { HabaError } from './errors.js'
import type { Preprocessing } from './spec/dataset.js'

/**
 * For images whose preprocessing is unknown. For display it maps their range to `0 … 1`.
 *
 * @param values all training images
 * @param who the images, for errors
 * @throws HabaError if a value is not finite
 */
export function rangePreprocessing(values: Float32Array, who: string): Preprocessing {
  let [low, high] = [Infinity, -Infinity]
  values.forEach((value, i) => {
    if (!Number.isFinite(value)) throw new HabaError(who, 'finite values', `${value} at ${i}`, 'Check the images.')
    low = Math.min(low, value)
    high = Math.max(high, value)
  })
  const span = high - low || 1
  return {
    name: 'range',
    settings: { low, high },
    apply: (pixels) => pixels.map((pixel) => pixel * span + low),
    invert: (images) => images.map((value) => (value - low) / span),
  }
}
