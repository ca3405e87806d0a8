import { HabaError } from './errors.js'
import type { Preprocessing } from './spec/dataset.js'

/**
 * For images that were preprocessed elsewhere, in a way that is not known: pixels are what the images' own range makes
 * `0 … 1`, so that pictures can be shown.
 *
 * @param values all training images
 * @param who names them in errors
 * @throws HabaError where a value is not finite
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
