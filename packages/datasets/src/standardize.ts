import { HabaError, type ImageShape, type Preprocessing } from '@haba/core'
import type { ChannelConstants } from './constants.js'

/**
 * `(pixel - mean) / std`, channel by channel.
 *
 * @param options.mean one number per channel, for pixels in `[0, 1]`
 * @param options.std one positive number per channel, for pixels in `[0, 1]`
 * @example standardize(cifar10Constants)
 */
export function standardize({ mean, std }: ChannelConstants): Preprocessing {
  if (mean.length === 0 || mean.length !== std.length || !mean.every(Number.isFinite) || !std.every((s) => s > 0))
    throw new HabaError(
      'standardize',
      'one mean and one positive std per channel',
      `mean [${mean}] and std [${std}]`,
      'Both lists need the same length, as in standardize(cifar10Constants).',
    )
  const check = ([, , channels]: ImageShape) => {
    if (channels !== mean.length)
      throw new HabaError(
        'standardize',
        `images of ${mean.length} channels`,
        `${channels}`,
        'Use the constants of this data set.',
      )
  }
  const map = (values: Float32Array, image: ImageShape, each: (value: number, channel: number) => number) => {
    check(image)
    const channels = mean.length
    const result = new Float32Array(values.length)
    for (let i = 0; i < values.length; i += channels)
      for (let c = 0; c < channels; c++) result[i + c] = each(values[i + c]!, c)
    return result
  }
  return {
    name: 'standardize',
    settings: { mean, std },
    apply: (pixels, image) => map(pixels, image, (value, c) => (value - mean[c]!) / std[c]!),
    invert: (values, image) => map(values, image, (value, c) => value * std[c]! + mean[c]!),
  }
}
