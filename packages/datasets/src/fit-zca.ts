import { HabaError, type Engine } from '@haba/core'
import { matrixRoots } from './matrix-roots.js'
import { valuesOf, type Fit, type Images } from './pixels.js'
import { covarianceOf, meanOf } from './whiten.js'
import { zcaFromParts, type Zca } from './zca.js'

/** Options of `zca`. */
export interface ZcaOptions {
  /** Added to every eigenvalue of the covariance of pixels in `[0, 1]`. @default 0.1 */
  readonly epsilon?: number
  /** Multiplies matrices, to fit and to whiten data sets. */
  readonly engine: Engine
}

/**
 * ZCA whitening of pixels in `[0, 1]` as MTT and HaBa use it (kornia's, with ε 0.1): unbiased covariance Σ of the images
 * flattened channels first, transform `(Σ + εI)^-½`, inverse `(Σ + εI)^½`. Without standardization before or after.
 *
 * @param options.pixels those of the training set only
 */
export async function fitZca({ pixels, image, epsilon = 0.1, engine }: ZcaOptions & Images): Promise<Zca> {
  const size = valuesOf(image)
  const count = pixels.length / size
  if (!(epsilon > 0))
    throw new HabaError('zca', 'epsilon above 0', `${epsilon}`, 'Use 0.1, as the published code does.')
  if (!Number.isInteger(count) || count < 2)
    throw new HabaError('fitZca', `two or more images of ${size} values`, `${count} images`, 'Check pixels and image.')
  const images = { pixels, image }
  const mean = meanOf(images)
  const matrix = await covarianceOf({ images, mean, engine })
  for (let i = 0; i < size; i++) matrix[i * size + i]! += epsilon
  const { root, inverse } = await matrixRoots({ matrix, size, engine })
  return zcaFromParts({ mean, transform: inverse, inverse: root, epsilon, engine })
}

/**
 * ZCA as a data set's `preprocessing`, fitted to its training images when it is loaded.
 *
 * @example await cifar10({ folder, preprocessing: zca({ engine }) })
 */
export const zca =
  (options: ZcaOptions): Fit =>
  (train) =>
    fitZca({ ...options, ...train })
