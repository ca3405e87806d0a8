import { fitZca } from '@haba/datasets'
import { tensor as tensorOf } from '@haba/core'
import { stated, type GoldenCase } from '../golden-case.js'
import { imageShapeOf, imagesOf, planesOf } from '../layouts.js'

/** Fit, whitening (row by row and of the whole set at once) and the way back. */
export const zca: GoldenCase = async ({ engine, what, tensor }) => {
  const images = tensor('images')
  const image = imageShapeOf(images)
  const like = imagesOf(images)
  const pixels = like.dataSync<'float32'>()
  const fitted = await fitZca({ pixels, image, epsilon: stated(what, 'eps', 0.1), engine })
  const size = fitted.mean.length
  const planes = (values: Float32Array) => planesOf(tensorOf(values, like.shape))
  const whitened = fitted.apply(pixels, image)
  const wholeSet = await fitted.applyAll!({ pixels, image })
  return {
    mean: { expected: tensor('mean'), got: tensorOf(fitted.mean, [size]), order: 1 },
    transform: { expected: tensor('transform'), got: tensorOf(fitted.transform, [size, size]), order: 1 },
    inverse: { expected: tensor('inverse'), got: tensorOf(fitted.inverse, [size, size]), order: 1 },
    whitened: { expected: tensor('whitened'), got: planes(whitened), order: 1 },
    'whitened, whole set': { expected: tensor('whitened'), got: planes(wholeSet), order: 1 },
    'images, inverted': { expected: images, got: planes(fitted.invert(whitened, image)), order: 1 },
  }
}
