import { classMajorLabels, HabaError } from '@haba/core'

/** How many images a set stores: one of the two. */
export interface StoredImages {
  /** Stored images a class: one number, or one for each class. */
  readonly perClass?: number | readonly number[]
  /** Floats of so many real images a class: as many images are stored as fit. Masks and labels come on top. */
  readonly imagesPerClass?: number
}

/**
 * The labels of the stored images, class-major.
 *
 * @param each floats of a stored image
 * @param real floats of a real one
 * @throws HabaError unless exactly one count is given, and at least one image fits
 */
export function labelsOf(
  who: string,
  classes: number,
  { perClass, imagesPerClass }: StoredImages,
  each: number,
  real: number,
): Int32Array {
  if ((perClass === undefined) === (imagesPerClass === undefined))
    throw new HabaError(
      who,
      'either perClass or imagesPerClass',
      perClass === undefined ? 'neither' : 'both',
      'Give perClass to count stored images, imagesPerClass to store as many as fit into the floats of real ones.',
    )
  if (perClass !== undefined) return classMajorLabels(who, classes, perClass)
  const fitting = Math.floor((imagesPerClass! * real) / each)
  if (!(fitting >= 1) || !Number.isFinite(fitting))
    throw new HabaError(
      who,
      `room for one stored image a class, ${each} floats`,
      `imagesPerClass ${imagesPerClass}, ${imagesPerClass! * real} floats`,
      'Raise imagesPerClass, or store less of each image.',
    )
  return classMajorLabels(who, classes, fitting)
}

/** @throws HabaError unless an option is a whole number in a range */
export function checkWhole(who: string, name: string, value: number, from: number, to = Infinity): void {
  if (Number.isInteger(value) && value >= from && value <= to) return
  const range = to === Infinity ? `of at least ${from}` : `of ${from} … ${to}`
  throw new HabaError(who, `${name} to be a whole number ${range}`, `${value}`, 'Change the option.')
}
