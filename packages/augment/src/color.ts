import { add, mean, mul, sub, tensor, uniform, type Args, type Augmentation } from '@haba/core'
import type { Tensor4D } from '@tensorflow/tfjs-core'
import { chain } from './chain.js'
import { assertRows } from './linear-map.js'
import { assertBetween } from './options.js'

/** Options of brightness, saturation and contrast. */
export interface StrengthOptions {
  /** Strength of the change, at least 0; each operation defines its meaning and default. */
  readonly strength?: number
}

/** One number per image: `amount` `[n or 1, 1, 1, 1]`. */
export type ColorDraw = { readonly amount: Tensor4D }

const amounts = (u: ArrayLike<number>, of: (chance: number) => number): ColorDraw => ({
  amount: tensor(Array.from(u, of), [u.length, 1, 1, 1]),
})

/** The draw for given random numbers `u` in `[0, 1)`: `(u - 0.5) · strength` is added. */
export const brightnessDraw = (u: ArrayLike<number>, strength = 1): ColorDraw =>
  amounts(u, (chance) => (chance - 0.5) * strength)
/** The draw for given random numbers `u` in `[0, 1)`: the factor is `u · strength`. */
export const saturationDraw = (u: ArrayLike<number>, strength = 2): ColorDraw =>
  amounts(u, (chance) => chance * strength)
/** The draw for given random numbers `u` in `[0, 1)`: the factor is `u + strength`. */
export const contrastDraw = (u: ArrayLike<number>, strength = 0.5): ColorDraw =>
  amounts(u, (chance) => chance + strength)

function tone(
  name: string,
  strength: number,
  drawOf: (u: ArrayLike<number>, strength: number) => ColorDraw,
  change: (images: Tensor4D, amount: Tensor4D) => Tensor4D,
): Augmentation<ColorDraw> {
  assertBetween(name, 'strength', strength, 0, Infinity)
  return {
    name,
    draw: (key, rows) => drawOf(uniform(key, rows), strength),
    apply: (images, { amount }) => {
      assertRows(name, amount.shape[0], images.shape[0])
      return change(images, amount)
    },
  }
}

const from = (center: Tensor4D, images: Tensor4D, factor: Tensor4D): Tensor4D =>
  add(mul(sub(images, center), factor), center)

/** Adds a random number in ±strength/2 to every image. @param options.strength @default 1 */
export const brightness = ({ strength = 1 }: StrengthOptions = {}): Augmentation<ColorDraw> =>
  tone('brightness', strength, brightnessDraw, add)

/** Scales the difference of every pixel from its gray value by a factor in `[0, strength)`. @param options.strength @default 2 */
export const saturation = ({ strength = 2 }: StrengthOptions = {}): Augmentation<ColorDraw> =>
  tone('saturation', strength, saturationDraw, (images, factor) => from(mean(images, 3, true), images, factor))

/** Scales the difference of every image from its mean by a factor in `[strength, 1 + strength)`. @param options.strength @default 0.5 */
export const contrast = ({ strength = 0.5 }: StrengthOptions = {}): Augmentation<ColorDraw> =>
  tone('contrast', strength, contrastDraw, (images, factor) => from(mean(images, [1, 2, 3], true), images, factor))

/** Strengths of the three parts of color. */
export interface ColorOptions {
  /** @default 1 */
  readonly brightness?: number
  /** @default 2 */
  readonly saturation?: number
  /** @default 0.5 */
  readonly contrast?: number
}

/** Brightness, then saturation, then contrast. */
export const color = (strengths: ColorOptions = {}): Augmentation<readonly Args[]> => ({
  ...chain([
    brightness({ strength: strengths.brightness }),
    saturation({ strength: strengths.saturation }),
    contrast({ strength: strengths.contrast }),
  ]),
  name: 'color',
})
