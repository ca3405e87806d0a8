import { drawSome, foldIn, indicesByClass, type Key, type RealSource } from '@haba/core'

/** A source of chosen images: image i is image `indices[i]` of `real`. */
export const subset = (real: RealSource, indices: Int32Array): RealSource => ({
  image: real.image,
  classes: real.classes,
  labels: indices.map((index) => real.labels[index]!),
  images: (rows) => real.images(rows.map((row) => indices[row]!)),
})

/** The images of some classes, with unchanged labels. */
export function ofClasses(real: RealSource, classes: readonly number[]): RealSource {
  const kept = new Set(classes)
  return subset(real, Int32Array.from([...real.labels.keys()].filter((index) => kept.has(real.labels[index]!))))
}

/** The images of some classes, relabeled `0, 1, …` in the given order. */
export function relabeled(real: RealSource, classes: readonly number[]): RealSource {
  const chosen = ofClasses(real, classes)
  return { ...chosen, classes: classes.length, labels: chosen.labels.map((label) => classes.indexOf(label)) }
}

/** A source split in two, stratified by class. */
export interface HeldOut {
  readonly train: RealSource
  readonly validation: RealSource
}

/**
 * Holds out a random part of every class, rounded, at least one image.
 *
 * @param fraction share of the images, between 0 and 1
 */
export function holdOut(real: RealSource, fraction: number, key: Key): HeldOut {
  const held = new Set(
    indicesByClass(real.labels, real.classes).flatMap((members, label) => [
      ...drawSome(foldIn(key, label), members, Math.max(1, Math.round(fraction * members.length))),
    ]),
  )
  const [train, validation] = [false, true].map((inside) =>
    subset(real, Int32Array.from([...real.labels.keys()].filter((index) => held.has(index) === inside))),
  )
  return { train: train!, validation: validation! }
}
