import { HabaError, type ImageShape } from '@haba/core'
import type { Finding } from './alpha.js'
import type { Decoded, Decoding } from './decoder.js'
import { valuesOf } from './pixels.js'

/** An unusable file, or row of a file. */
export interface Fault {
  /** The file's path; for parquet with the row. */
  readonly where: string
  /** What is wrong with it, such as `is 30×20`. */
  readonly what: string
}

interface FindingsOptions {
  readonly half: 'train' | 'test'
  /** The source of errors: a folder, or the first of several files. */
  readonly place: string
  /** Number of images. */
  readonly count: number
  /** The location of an image, for errors. */
  readonly whereOf: (index: number) => string
  /** The location within the half, for warnings, which reports contain. */
  readonly nameOf: (index: number) => string
  readonly decoding: Decoding
  /** Whether unreadable images are skipped. */
  readonly skipCorrupt: boolean
  readonly onFault?: ((fault: Fault) => void) | undefined
}

/** The findings of a half after decoding. */
export interface Settled {
  readonly pixels: Uint8Array
  /** Indices of the listed images that were not skipped, in order. */
  readonly kept: readonly number[]
  /** Warnings for readers of results. */
  readonly warnings: readonly string[]
}

/** Collects faults and oddities while the images of a half are decoded. */
interface Findings {
  /** Whether a decoded image has this shape; records oddities. */
  fits(index: number, decoded: Decoded, image: ImageShape): boolean
  /** Records an image that cannot be decoded. */
  unreadable(index: number, error: unknown): void
  /**
   * Compacts the pixels of the kept images.
   *
   * @throws HabaError if images have several sizes, or unreadable ones must not be skipped
   */
  settle(pixels: Uint8Array, image: ImageShape): Settled
}

const mostNamed = 5

/** The message of a decoder's error, in one line. */
export const firstLine = (error: unknown): string =>
  (error instanceof Error ? error.message : String(error)).trim().split('\n')[0]!

/** Whether two images have the same height, width and channels. */
export const sameShape = (a: ImageShape, b: ImageShape): boolean => a.every((length, axis) => length === b[axis])

/** Findings are recorded by index, so that messages do not depend on the order of decoding. */
export function findingsOf({
  half,
  place,
  count,
  whereOf,
  nameOf,
  decoding,
  skipCorrupt,
  onFault,
}: FindingsOptions): Findings {
  const faults = new Map<number, string>()
  const others = new Map<number, string>()
  const odd = new Map<number, Finding>()
  const all = Array.from({ length: count }, (_, i) => i)

  /** The first few, in order. */
  const named = (indices: readonly number[], what: (index: number) => string, name = whereOf) =>
    indices
      .slice(0, mostNamed)
      .map((i) => `${name(i)} (${what(i)})`)
      .join('; ') + (indices.length > mostNamed ? '; …' : '')

  const unreadable = (): HabaError =>
    new HabaError(
      place,
      'readable images',
      `${faults.size} of ${count} unreadable: ${named(sorted(faults), (i) => faults.get(i)!)}`,
      'Replace or remove them, exclude them by name with `exclude`, or skip all of them with `skipCorrupt`.',
    )

  /** Names images that differ from the majority; in a test half, from the training images. */
  const ofSeveralSizes = (first: string): HabaError => {
    const sizeOf = (i: number) => others.get(i) ?? first
    const read = all.filter((i) => !faults.has(i))
    const counts = new Map<string, number>()
    for (const i of read) counts.set(sizeOf(i), (counts.get(sizeOf(i)) ?? 0) + 1)
    const norm = half === 'test' ? first : [...counts].reduce((best, each) => (each[1] > best[1] ? each : best))[0]
    const outliers = read.filter((i) => sizeOf(i) !== norm)
    for (const i of outliers) onFault?.({ where: whereOf(i), what: `is ${sizeOf(i)}` })
    const like = half === 'test' ? ' as in training' : ''
    return new HabaError(
      place,
      `images of ${norm}${like}, the size of ${read.length - outliers.length} of ${count}`,
      `${outliers.length} of another size: ${named(outliers, (i) => `is ${sizeOf(i)}`)}`,
      `Set \`size\`, such as [${norm.replace('×', ', ')}], to resize them all.`,
    )
  }

  const warnings = (): readonly string[] => {
    const background = `[${(decoding.background ?? [255, 255, 255]).join(', ')}]`
    const say = (finding: Finding, text: string) => {
      const found = sorted(odd).filter((i) => odd.get(i) === finding && !others.has(i))
      return found.length === 0
        ? []
        : [`${half}: ${found.length} of ${count} images ${text} The first is ${nameOf(found[0]!)}.`]
    }
    const skipped = `${half}: ${faults.size} of ${count} images cannot be read and were skipped: `
    return [
      ...(faults.size === 0 ? [] : [`${skipped}${named(sorted(faults), (i) => faults.get(i)!, nameOf)}.`]),
      ...say(
        'alpha-alone',
        `have their picture only in the alpha channel, and were composited over \`background\` ${background}.`,
      ),
      ...say('blank', `have a single color over \`background\` ${background}; another background may show them.`),
      ...say('dim', 'have 16 bits, use at most 12 of them and are nearly black; set `range`, such as [0, 4095].'),
    ]
  }

  return {
    fits(index, { image, finding }, expected) {
      if (finding) odd.set(index, finding)
      const fits = sameShape(image, expected)
      if (!fits) others.set(index, textOf(image))
      return fits
    },
    unreadable(index, error) {
      faults.set(index, firstLine(error))
      onFault?.({ where: whereOf(index), what: firstLine(error) })
    },
    settle(pixels, image) {
      if (faults.size > 0 && !skipCorrupt) throw unreadable()
      if (others.size > 0) throw ofSeveralSizes(textOf(image))
      const size = valuesOf(image)
      const kept = all.filter((i) => !faults.has(i))
      if (faults.size > 0) kept.forEach((from, to) => pixels.copyWithin(to * size, from * size, (from + 1) * size))
      return { pixels: pixels.subarray(0, kept.length * size), kept, warnings: warnings() }
    },
  }
}

const textOf = ([height, width]: ImageShape) => `${height}×${width}`
const sorted = (map: ReadonlyMap<number, unknown>) => [...map.keys()].sort((a, b) => a - b)
