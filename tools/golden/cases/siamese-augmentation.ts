import {
  brightness,
  brightnessDraw,
  contrast,
  contrastDraw,
  crop,
  cropDraw,
  cutout,
  cutoutDraw,
  flip,
  flipDraw,
  rotate,
  rotateDraw,
  saturation,
  saturationDraw,
  scale,
  scaleDraw,
} from '@haba/augment'
import { vjp, type Args, type Augmentation, type ImageShape } from '@haba/core'
import type { Tensor, Tensor4D } from '@tensorflow/tfjs-core'
import type { Comparison, GoldenCase } from '../golden-case.js'
import { imageShapeOf, imagesOf, planesOf } from '../layouts.js'

type Stored = (name: string) => ArrayLike<number>
interface Operation {
  readonly augmentation: Augmentation
  draw(stored: Stored, image: ImageShape): Args
}

const operations: Readonly<Record<string, Operation>> = {
  brightness: { augmentation: brightness() as Augmentation, draw: (stored) => brightnessDraw(stored('u')) },
  saturation: { augmentation: saturation() as Augmentation, draw: (stored) => saturationDraw(stored('u')) },
  contrast: { augmentation: contrast() as Augmentation, draw: (stored) => contrastDraw(stored('u')) },
  flip: { augmentation: flip() as Augmentation, draw: (stored, image) => flipDraw(stored('u'), image) },
  crop: {
    augmentation: crop() as Augmentation,
    draw: (stored, image) => cropDraw(stored('shift_rows'), stored('shift_columns'), image),
  },
  cutout: {
    augmentation: cutout() as Augmentation,
    draw: (stored, image) => cutoutDraw(stored('center_rows'), stored('center_columns'), image),
  },
  scale: {
    augmentation: scale() as Augmentation,
    draw: (stored, image) => scaleDraw(stored('u_x'), stored('u_y'), image),
  },
  rotate: { augmentation: rotate() as Augmentation, draw: (stored) => rotateDraw(stored('u')) },
}

/** Each operation under its stored draw, and the gradient of its output times a cotangent. */
export const siameseAugmentation: GoldenCase = async ({ engine, tensor }) => {
  const [images, cotangent] = [imagesOf(tensor('images')), imagesOf(tensor('cotangent'))]
  const image = imageShapeOf(tensor('images'))
  const comparisons: Record<string, Comparison> = {}
  for (const [name, { augmentation, draw }] of Object.entries(operations)) {
    const compute = engine.compile(name, (x: Tensor4D, drawn: Args, dy: Tensor4D) => {
      const { value, pull } = vjp<Tensor4D, Tensor4D>((y) => augmentation.apply(y, drawn), x)
      return { output: value as Tensor, gradient: pull(dy) as Tensor }
    })
    const stored: Stored = (part) => tensor(`${name}.${part}`).dataSync()
    const { output, gradient } = await compute(images, draw(stored, image), cotangent)
    for (const [part, got] of Object.entries({ output, 'grad.images': gradient }))
      comparisons[`${name}.${part}`] = { expected: tensor(`${name}.${part}`), got: planesOf(got), order: 1 }
  }
  return comparisons
}
