import { HabaError, sizeOf, type ImageShape, type RenderedSet } from '@haba/core'
import { expand } from '@haba/distill'
import sharp from 'sharp'
import { openEngine } from '../assemble/parts.js'
import type { ReadConfig } from '../config/read-config.js'
import { openRun } from '../folder/draw-run.js'
import type { About } from '../folder/finished-run.js'
import type { Row } from '../folder/result.js'

/** The images of a set for other tools: one row for each slot under each view, row `view · slots + slot`. */
export interface ExportedSet {
  readonly about: About
  /** The measured accuracy. */
  readonly row: Row
  readonly image: ImageShape
  readonly rows: number
  readonly slots: number
  readonly classNames: readonly string[]
  /** `[rows × height × width × channels]`, preprocessed as networks saw them. */
  readonly values: Float32Array
  /** The same as bytes: preprocessing undone, rounded and clamped. */
  readonly pixels: Uint8Array
  /** Share of values that lay outside of 0 … 255 by more than rounding. */
  readonly clamped: number
  /** The most probable class of each row. */
  readonly labels: readonly number[]
  /** `[rows × classes]`; absent if labels are hard. */
  readonly targets?: Float32Array
}

/** Renders the set of a run. Reads data only if a plugin's dataset defines the preprocessing. */
export async function exportedSet(run: string, read: ReadConfig, say: (text: string) => void): Promise<ExportedSet> {
  const { engine, close } = await openEngine(read, say)
  try {
    const { about, result, parameterization, params, preprocessing } = await openRun(run, read, engine)
    const set = await expand(engine, parameterization, params)
    const { image, slots, views } = set.layout
    const unit = preprocessing.invert(set.images, image)
    // Clamps and rounds on assignment.
    const pixels = new Uint8ClampedArray(unit.length)
    let outside = 0
    unit.forEach((value, i) => {
      pixels[i] = 255 * value
      if (Math.abs(255 * value - pixels[i]) > 0.5001) outside++
    })
    const repeated = <T>(each: readonly T[]) => Array.from({ length: views }, () => each).flat()
    const targets = softTargets(set)
    return {
      about,
      row: result.rows.find(({ id }) => id === 'set')!,
      image,
      rows: views * slots,
      slots,
      classNames: about.data.classNames,
      values: set.images,
      pixels: new Uint8Array(pixels.buffer),
      clamped: outside / unit.length,
      labels: repeated(largest(set)),
      ...(targets && { targets: Float32Array.from(repeated([...targets])) }),
    }
  } finally {
    await close()
  }
}

/** The most probable class of each slot. */
const largest = ({ targets, layout: { slots, classes } }: RenderedSet): readonly number[] =>
  Array.from({ length: slots }, (_, slot) => {
    const row = targets.subarray(slot * classes, (slot + 1) * classes)
    return row.indexOf(row.reduce((a, b) => Math.max(a, b)))
  })

/** The targets, or undefined if all are one-hot. */
const softTargets = ({ targets }: RenderedSet): Float32Array | undefined =>
  targets.some((value) => value !== 0 && value !== 1) ? targets : undefined

/** One image as PNG: gray for one channel. @throws HabaError for other than 1 or 3 channels */
export async function pngOf({ image, pixels }: ExportedSet, row: number): Promise<Buffer> {
  const [height, width, channels] = image
  if (channels !== 1 && channels !== 3)
    throw new HabaError('haba export', 'images of 1 or 3 channels', `${channels}`, 'Use --to npz.')
  const size = sizeOf(image)
  return await sharp(pixels.subarray(row * size, (row + 1) * size), { raw: { width, height, channels } })
    .png({ compressionLevel: 9 })
    .toBuffer()
}
