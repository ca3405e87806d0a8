import {
  checkArguments,
  disposeTree,
  drawSome,
  foldIn,
  HabaError,
  indicesByClass,
  type Key,
  type RealSource,
  type RenderedSet,
} from '@haba/core'

/** A method to choose real images, class by class. */
export interface Selection {
  readonly name: string
  /** `count` distinct members of one class, in the order of choice. @param members indices of the source */
  order(key: Key, members: Int32Array, count: number): Promise<Int32Array>
}

/** Options of `choose`. */
export interface ChooseOptions {
  readonly selection: Selection
  readonly real: RealSource
  /** Images per class: one number, or one for each class. */
  readonly perClass: number | readonly number[]
  readonly key: Key
}

/**
 * Chooses real images: their indices, class-major, for `evaluateReal` or `chosenSet`.
 *
 * @throws HabaError if a class has too few images
 */
export async function choose(options: ChooseOptions): Promise<Int32Array> {
  const { selection, real, perClass, key } = checkArguments('choose', options, {
    selection: 'selection',
    real: 'real',
    key: 'key',
  })
  const chosen: Int32Array[] = []
  for (const [label, members] of indicesByClass(real.labels, real.classes).entries()) {
    const count = typeof perClass === 'number' ? perClass : perClass[label]!
    if (!(count >= 1 && count <= members.length))
      throw new HabaError(
        selection.name,
        `1 … ${members.length} images of class ${label}`,
        `${count}`,
        'Choose fewer, or read more data.',
      )
    chosen.push(await selection.order(foldIn(key, label), members, count))
  }
  return Int32Array.from(chosen.flatMap((indices) => [...indices]))
}

/** Chosen images as a finished set of plain pixels. */
export async function chosenSet(real: RealSource, chosen: Int32Array): Promise<RenderedSet> {
  const { image, classes } = real
  const labels = chosen.map((index) => real.labels[index]!)
  const images = await real.images(chosen)
  const values = Float32Array.from(await images.data<'float32'>())
  disposeTree(images)
  const targets = new Float32Array(chosen.length * classes)
  labels.forEach((label, slot) => (targets[slot * classes + label] = 1))
  return { layout: { image, classes, slots: chosen.length, views: 1, labels }, images: values, targets }
}

/** Uniformly at random: the baseline of every method. */
export const random: Selection = {
  name: 'random',
  order: (key, members, count) => Promise.resolve(drawSome(key, members, count)),
}
