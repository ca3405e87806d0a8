import { drawSome, foldIn, HabaError, indicesByClass, keyFrom } from '@haba/core'
import type { Split } from './arrays.js'
import { roomLike } from './pixels.js'

interface HoldOutOptions {
  readonly classes: number
  /** Values per image. */
  readonly size: number
  readonly fraction: number
  readonly seed: number
}

/**
 * Splits training images: a random part of every class, rounded, becomes the test half, at least one image if the class has
 * two. The remaining pixels are compacted in place.
 */
export function holdOut(
  { pixels, labels, origin = 'dataset' }: Split,
  { classes, size, fraction, seed }: HoldOutOptions,
): { readonly train: Split; readonly test: Split } {
  const all = Int32Array.from(labels)
  const key = foldIn(keyFrom(seed), 'test')
  const held = new Set(
    indicesByClass(all, classes).flatMap((members, label) => {
      const count = Math.min(members.length - 1, Math.max(1, Math.round(fraction * members.length)))
      return count > 0 ? [...drawSome(foldIn(key, label), members, count)] : []
    }),
  )
  if (held.size === 0)
    throw new HabaError(origin, 'a class of at least two images, for testFraction', 'none', 'Add images.')
  const [train, test] = [false, true].map((inside) => [...all.keys()].filter((i) => held.has(i) === inside))
  const copied = roomLike(pixels, test!.length * size)
  test!.forEach((from, to) => copied.set(pixels.subarray(from * size, (from + 1) * size), to * size))
  train!.forEach((from, to) => pixels.copyWithin(to * size, from * size, (from + 1) * size))
  const labelsOf = (indices: readonly number[]) => indices.map((i) => all[i]!)
  return {
    train: { pixels: pixels.subarray(0, train!.length * size), labels: labelsOf(train!), origin },
    test: { pixels: copied, labels: labelsOf(test!), origin: `${origin}, held out` },
  }
}

/** A warning for each half that lacks images of some classes. */
export const absentClasses = (
  halves: Readonly<Record<'train' | 'test', Split>>,
  classNames: readonly string[],
): readonly string[] =>
  (['train', 'test'] as const).flatMap((half) => {
    const there = new Set(Array.from(halves[half].labels))
    const absent = classNames.filter((_, label) => !there.has(label))
    const names = `${absent.slice(0, 5).join(', ')}${absent.length > 5 ? ', …' : ''}`
    return absent.length === 0
      ? []
      : [`${half}: no images of ${absent.length} of ${classNames.length} classes: ${names}.`]
  })
