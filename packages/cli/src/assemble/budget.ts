import { HabaError, labelBytes, sizeOf, type ImageShape } from '@haba/core'

/** Images that may be stored in a set's place. */
export interface Budget {
  /** Of every class; the first classes have one more where the images do not divide. */
  readonly perClass: readonly number[]
  readonly images: number
  /** How many values they have. */
  readonly floats: number
  /** With their labels. */
  readonly bytes: number
}

/** So many images, as equally many of each class as can be. */
export function spread(images: number, classes: number): readonly number[] {
  const [each, more] = [Math.floor(images / classes), images % classes]
  return Array.from({ length: classes }, (_, label) => each + (label < more ? 1 : 0))
}

/** How images are spread, in words. */
export function spreadText({ images, perClass }: Pick<Budget, 'images' | 'perClass'>): string {
  const each = perClass.at(-1)!
  const more = images % perClass.length
  return `${images} images (${each} a class${more === 0 ? '' : `, and one more of the first ${more}`})`
}

/** The bytes of the labels of so many images a class. */
export const bytesOfLabels = (perClass: readonly number[]): number =>
  labelBytes({
    labels: Int32Array.from(perClass.flatMap((count, label) => new Array<number>(count).fill(label))),
    classes: perClass.length,
  })

/** What is stored of an image, and of how many there are at most. */
export interface Stored {
  /** Bytes a value: 1 for uint8, 4 for float32. */
  readonly bytesPerValue: number
  /** Of a class. @default any number */
  readonly most?: number
}

/**
 * The images that fit into a set's bytes, labels included.
 *
 * @throws HabaError where the set has fewer bytes than one image a class
 */
export function budgetOf(
  bytes: number,
  image: ImageShape,
  classes: number,
  { bytesPerValue, most = Infinity }: Stored,
): Budget {
  const one = bytesPerValue * sizeOf(image)
  for (let images = Math.min(Math.floor(bytes / one), most * classes); images >= classes; images--) {
    const perClass = spread(images, classes)
    const total = images * one + bytesOfLabels(perClass)
    if (total <= bytes) return { perClass, images, floats: images * sizeOf(image), bytes: total }
  }
  throw new HabaError(
    'comparison',
    `a set of at least ${classes * one + classes} bytes, one image a class`,
    `${bytes}`,
    'Compare with no real images ("compare": { "random": false }, or --baselines none), or store more.',
  )
}
