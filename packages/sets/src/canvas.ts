import type { Tensor, Tensor2D, Tensor4D } from '@tensorflow/tfjs-core'
import {
  checkCount,
  checkArguments,
  add,
  cast,
  classMajorLabels,
  constant,
  foldIn,
  fromReal,
  gather,
  HabaError,
  keyFrom,
  mul,
  permutation,
  reshape,
  sizeOf,
  targetsOf,
  tensor,
  transpose,
  type ImageShape,
  type Key,
  type Layout,
  type Parameterization,
  type PixelsParams,
  type Start,
} from '@haba/core'

/** Options of `canvas`. */
export interface CanvasOptions {
  readonly image: ImageShape
  readonly classes: number
  /** Canvases a class: one number, or one for each class. */
  readonly perClass: number | readonly number[]
  /** A canvas's sides, in sides of an image (`canvas_size`). @default 2 */
  readonly size?: number
  /** Crops of each canvas, its views: places drawn once for every canvas, none twice. @default 64 */
  readonly crops?: number
  /** Where the crops are. @default keyFrom(0) */
  readonly key?: Key
  /** Images that a canvas is tiled with at the start. @default fromReal */
  readonly start?: Start
}

/**
 * MTT's textures (Cazenavette et al., CVPR 2022, section 4.5): a stored canvas is larger than an image and wraps
 * around; networks see crops of it. The released code crops anywhere at every use; here a view is a crop, drawn once
 * for each canvas, so that a set of them can be expanded. Whitened images must not be cropped: do not combine with ZCA.
 *
 * @throws HabaError for counts below 1, or more crops than there are places
 */
export function canvas(options: CanvasOptions): Parameterization<PixelsParams> {
  const {
    image,
    classes,
    perClass,
    size = 2,
    crops = 64,
    key = keyFrom(0),
    start = fromReal,
  } = checkArguments('canvas', options, { image: 'image', classes: 'classes' })
  const who = 'canvas'
  checkCount(who, 'size', size)
  checkCount(who, 'crops', crops)
  const [height, width, channels] = image
  const stored: ImageShape = [size * height, size * width, channels]
  if (crops > stored[0] * stored[1])
    throw new HabaError(who, `at most ${stored[0] * stored[1]} crops of ${stored[0]}×${stored[1]}`, `${crops}`, '')
  const labels = classMajorLabels(who, classes, perClass)
  const layout: Layout = { image, classes, slots: labels.length, views: crops, labels }
  const places = placesOf(layout, stored, key)
  return {
    name: `canvas ${size}×${size}`,
    layout,
    async init(from, seed) {
      const many = Int32Array.from([...labels].flatMap((label) => Array<number>(size * size).fill(label)))
      const tiles = await start(from, [many.length, ...image], many, seed)
      const images = tile(await tiles.data<'float32'>(), labels.length, image, size)
      tiles.dispose()
      return { images: tensor(images, [labels.length, ...stored]) }
    },
    render({ images }, { slots, views }) {
      const rows = slots.shape[0]
      const which = cast(add(mul(cast(slots, 'float32'), crops), cast(views, 'float32')), 'int32')
      const lines = (values: Float32Array, length: number) =>
        gather(constant(values, [layout.slots * crops, length]), which)
      const cropped = cropFirst(gather(images, slots), lines(places.top, height), rows)
      const turned = cropFirst(transpose(cropped, [0, 2, 1, 3]), lines(places.left, width), rows)
      return { images: transpose(turned, [0, 2, 1, 3]), targets: targetsOf(layout, slots) }
    },
  }
}

/** For each slot and view, which rows and columns of a canvas are seen: `[slots · views, height]` and `[…, width]`. */
function placesOf({ slots, views, image }: Layout, [tall, wide]: ImageShape, key: Key) {
  const [height, width] = image
  const top = new Float32Array(slots * views * height)
  const left = new Float32Array(slots * views * width)
  for (let slot = 0; slot < slots; slot++) {
    const corners = permutation(foldIn(key, slot), tall * wide)
    for (let view = 0; view < views; view++) {
      const [y, x, row] = [Math.floor(corners[view]! / wide), corners[view]! % wide, slot * views + view]
      for (let i = 0; i < height; i++) top[row * height + i] = (y + i) % tall
      for (let j = 0; j < width; j++) left[row * width + j] = (x + j) % wide
    }
  }
  return { top, left }
}

/** The lines at `lines` `[rows, wanted]` of each image, along the first axis after the batch. */
function cropFirst(images: Tensor4D, lines: Tensor2D, rows: number): Tensor4D {
  const [, count, ...rest] = images.shape
  const first = constant(
    Float32Array.from({ length: rows }, (_, row) => row * count),
    [rows, 1],
  )
  const at = cast(reshape(add(lines, first), [lines.size]), 'int32')
  const picked = gather(reshape(images, [rows * count, ...rest]) as Tensor, at)
  return reshape(picked, [rows, lines.shape[1], ...rest])
}

/** `size · size` images for each canvas, side by side and one below the other. */
function tile(tiles: Float32Array, canvases: number, image: ImageShape, size: number): Float32Array {
  const [height, , channels] = image
  const line = image[1] * channels
  const result = new Float32Array(canvases * size * size * sizeOf(image))
  let next = 0
  for (let n = 0; n < canvases; n++)
    for (let y = 0; y < size * height; y++)
      for (let column = 0; column < size; column++) {
        const which = (n * size + Math.floor(y / height)) * size + column
        const from = (which * height + (y % height)) * line
        result.set(tiles.subarray(from, from + line), next)
        next += line
      }
  return result
}
