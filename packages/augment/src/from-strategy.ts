import { HabaError, type Augmentation } from '@haba/core'
import { none } from './chain.js'
import { color } from './color.js'
import { crop } from './crop.js'
import { cutout } from './cutout.js'
import { flip } from './flip.js'
import { oneOf } from './one-of.js'
import { rotate } from './rotate.js'
import { scale } from './scale.js'

const operations: Readonly<Record<string, Augmentation>> = {
  color: color(),
  crop: crop(),
  cutout: cutout(),
  flip: flip(),
  scale: scale(),
  rotate: rotate(),
}

/**
 * The augmentation of a strategy such as `color_crop_cutout_flip_scale_rotate`, with the published strengths (Zhao and Bilen
 * 2021). `none` and the empty string leave images unchanged.
 *
 * @param combine `oneOf` (mode S) or `chain` (mode M) @default oneOf
 * @throws HabaError naming every unknown word
 */
export function fromStrategy(
  text: string,
  combine: (members: readonly Augmentation[]) => Augmentation = oneOf,
): Augmentation {
  if (['', 'none'].includes(text.toLowerCase())) return none
  const words = text.split('_')
  const unknown = words.filter((word) => !Object.hasOwn(operations, word))
  if (unknown.length > 0)
    throw new HabaError(
      'fromStrategy',
      `words of ${Object.keys(operations).join(', ')}, joined by _`,
      `unknown ${unknown.map((word) => `"${word}"`).join(', ')} in "${text}"`,
      'For no augmentation use "none".',
    )
  return combine(words.map((word) => operations[word]!))
}
