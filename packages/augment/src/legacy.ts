import {
  add,
  affineSample,
  foldIn,
  HabaError,
  integers,
  mean,
  mul,
  normal,
  sub,
  tensor,
  uniform,
  type Augmentation,
  type ImageShape,
  type Key,
} from '@haba/core'
import type { Tensor3D, Tensor4D } from '@tensorflow/tfjs-core'
import { linearDraw, linearMap, type Mix } from './linear-map.js'

/** The change of one image: resampling of its axes, rotation, fill and noise. */
interface Change {
  readonly rows: Mix
  readonly columns: Mix
  /** Degrees. */
  readonly angle: number
  /** 1: fill with the image's mean; 0: with zeros. */
  readonly fill: 0 | 1
  /** Standard deviation of the noise. */
  readonly noise: number
}

/** One of DC's operations on one image. */
export type LegacyOperation = (key: Key, image: ImageShape) => Change

const still =
  (length: number): Mix =>
  (_, mix) => {
    for (let i = 0; i < length; i++) mix(i, i, 1)
  }
const unchanged = ([height, width]: ImageShape): Change => ({
  rows: still(height),
  columns: still(width),
  angle: 0,
  fill: 0,
  noise: 0,
})

/** Shifts by -4 … 3 pixels along each axis. */
export const legacyCrop: LegacyOperation = (key, image) => {
  const offsets = integers(key, 2, 8)
  const shifted =
    (by: number, length: number): Mix =>
    (_, mix) => {
      for (let to = 0; to < length; to++) mix(to, to + by, 1)
    }
  return {
    ...unchanged(image),
    rows: shifted(offsets[0]! - 4, image[0]),
    columns: shifted(offsets[1]! - 4, image[1]),
    fill: 1,
  }
}

/** Resizes height and width by factors in `[0.8, 1.2)` each, to the nearest pixel, about the center. */
export const legacyScale: LegacyOperation = (key, image) => {
  const [tall, wide] = Array.from(uniform(key, 2, 0.8, 1.2), (factor) => Math.trunc(factor * image[0])) as [
    number,
    number,
  ]
  const frame = Math.max(tall, wide, image[0], image[1])
  const margin = (length: number) => Math.trunc((frame - length) / 2)
  const resized =
    (now: number, length: number): Mix =>
    (_, mix) => {
      for (let to = 0; to < length; to++) {
        const at = to + margin(length) - margin(now)
        if (at >= 0 && at < now) mix(to, Math.floor((at * length) / now), 1)
      }
    }
  return { ...unchanged(image), rows: resized(tall, image[0]), columns: resized(wide, image[1]) }
}

/** Rotates by -45 … 44 whole degrees. */
export const legacyRotate: LegacyOperation = (key, image) => ({
  ...unchanged(image),
  angle: integers(key, 1, 90)[0]! - 45,
  fill: 1,
})

/** Adds normal noise with standard deviation 0.001. */
export const legacyNoise: LegacyOperation = (_, image) => ({ ...unchanged(image), noise: 0.001 })

/** `rows` and `columns` `[n, side, side]`, `matrices` `[n, 2, 2]`, `fill` `[n, 1, 1, 1]`, `noise` `[n, height, width, channels]` or `[1, 1, 1, 1]`. */
export type LegacyDraw = {
  readonly rows: Tensor3D
  readonly columns: Tensor3D
  readonly matrices: Tensor3D
  readonly fill: Tensor4D
  readonly noise: Tensor4D
}

/**
 * The augmentation of DC's released code for evaluations on MNIST before DSA (`augment` in its utils): one random operation for
 * every image. The released code fills with the mean of the batch and rotates with cubic interpolation; this one fills with the
 * image's mean and rotates bilinearly.
 *
 * @param operations crop, scale and rotate for MNIST; crop and noise for a ConvNet with batch normalization
 */
export function legacy(
  operations: readonly LegacyOperation[] = [legacyCrop, legacyScale, legacyRotate],
): Augmentation<LegacyDraw> {
  if (operations.length === 0) throw new HabaError('legacy', 'at least one operation', 'none', 'Pass legacyCrop.')
  return {
    name: 'legacy',
    draw: (key, rows, image) => {
      const picks = integers(foldIn(key, 'pick'), rows, operations.length)
      const changes = Array.from(picks, (pick, i) => operations[pick]!(foldIn(foldIn(key, 'change'), i), image))
      return drawOf(changes, image, operations.includes(legacyNoise) ? foldIn(key, 'noise') : undefined)
    },
    apply: (images, { rows, columns, matrices, fill, noise }) => {
      // The fill is subtracted before, so that zeros from outside become the fill.
      const outside = mul(mean(images, [1, 2], true), fill)
      const moved = affineSample(linearMap(sub(images, outside), { rows, columns }), matrices)
      return add(add(moved, outside), noise)
    },
  }
}

function drawOf(changes: readonly Change[], image: ImageShape, noise: Key | undefined): LegacyDraw {
  const turns = changes.flatMap(({ angle }) => {
    const by = (angle * Math.PI) / 180
    return [Math.cos(by), -Math.sin(by), Math.sin(by), Math.cos(by)]
  })
  const size = image[0] * image[1] * image[2]
  const mixes =
    (axis: 'rows' | 'columns'): Mix =>
    (i, mix) =>
      changes[i]![axis](i, mix)
  return {
    ...linearDraw(changes.length, image, mixes('rows'), mixes('columns')),
    matrices: tensor(turns, [changes.length, 2, 2]),
    fill: tensor(
      changes.map(({ fill }) => fill),
      [changes.length, 1, 1, 1],
    ),
    noise: noise
      ? tensor(
          normal(noise, changes.length * size).map((v, i) => v * changes[Math.floor(i / size)]!.noise),
          [changes.length, ...image],
        )
      : tensor([0], [1, 1, 1, 1]),
  }
}
