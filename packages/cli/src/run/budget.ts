import { HabaError, type ImageShape } from '@haba/core'

/** How many plain images a set's floats are worth. */
export interface Budget {
  /** Of every class; the first classes have one more where the images do not divide. */
  readonly perClass: readonly number[]
  readonly images: number
  readonly floats: number
  /** What is equal, and what remains. */
  readonly caption: string
}

/**
 * The plain images that may be stored in a set's place: exactly its floats where an image's size divides them, else as
 * many images as fit.
 *
 * @param floats those of the set, step sizes aside: whoever learns one stores one
 * @throws HabaError where the set is smaller than one image a class
 */
export function budgetOf(floats: number, image: ImageShape, classes: number): Budget {
  const size = image[0] * image[1] * image[2]
  const images = Math.floor(floats / size)
  if (images < classes)
    throw new HabaError(
      'comparison',
      `a set of at least ${classes * size} floats, one image a class`,
      `${floats}`,
      'Compare with no real images ("compare": { "random": false }, or --baselines none), or store more.',
    )
  const [each, more] = [Math.floor(images / classes), images % classes]
  const left = floats - images * size
  const spread = more === 0 ? `${each} a class` : `${each} a class, and one more of the first ${more} classes`
  return {
    perClass: Array.from({ length: classes }, (_, label) => each + (label < more ? 1 : 0)),
    images,
    floats: images * size,
    caption:
      left === 0
        ? `Equal stored floats: ${floats.toLocaleString('en-US')} are ${images} images (${spread}).`
        : `Stored floats: ${floats.toLocaleString('en-US')} are ${images} images (${spread}) and ${left} floats, which the images leave unused.`,
  }
}
