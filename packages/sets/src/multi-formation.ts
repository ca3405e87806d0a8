import type { Tensor4D } from '@tensorflow/tfjs-core'
import {
  checkArguments,
  add,
  cast,
  classMajorLabels,
  gather,
  HabaError,
  mul,
  pad,
  reshape,
  resizeBilinear,
  targetsOf,
  transpose,
  type ImageShape,
  type Layout,
  type Parameterization,
  type Start,
} from '@haba/core'
import { mixed } from './mixed.js'

/** Options of `multiFormation`. */
export interface MultiFormationOptions {
  readonly image: ImageShape
  readonly classes: number
  /** Stored images a class: one number, or one for each class. */
  readonly perClass: number | readonly number[]
  /** Cells along a side: 2 for images of 32 pixels, 3 for larger ones; 1 is IDC-I, plain pixels. @default 2 */
  readonly factor?: number
  /**
   * What fills the cells that stick out of the image, where `factor` does not divide its sides, in the preprocessed space.
   * IDC stores pixels of 0 … 1 and takes 0.5. @default 0
   */
  readonly padding?: number
  /** Where stored images start. @default mixed(factor) */
  readonly start?: Start
}

/** Parameters that a multi-formation set stores. */
export type MultiFormationParams = {
  /** `[slots, height, width, channels]` */
  readonly images: Tensor4D
}

/**
 * IDC's multi-formation (Kim et al., ICML 2022, §4.1): every stored image is a grid of `factor²` smaller ones. View
 * `i · factor + j` is the cell in row i and column j, enlarged bilinearly to the size of an image.
 *
 * @throws HabaError for a factor that is no whole number, or larger than the image
 */
export function multiFormation(options: MultiFormationOptions): Parameterization<MultiFormationParams> {
  checkArguments('multiFormation', options, { image: 'image', classes: 'classes' })
  const { image, classes, perClass, factor = 2, padding = 0, start = mixed(factor) } = options
  const [height, width, channels] = image
  const most = Math.min(height, width)
  if (!Number.isInteger(factor) || factor < 1 || factor > most)
    throw new HabaError('multiFormation', `a factor of 1 … ${most}`, `${factor}`, '')
  const labels = classMajorLabels('multiFormation', classes, perClass)
  const layout: Layout = { image, classes, slots: labels.length, views: factor * factor, labels }
  const [rows, columns] = [Math.ceil(height / factor), Math.ceil(width / factor)]
  return {
    name: `multi-formation by ${factor}`,
    layout,
    init: async (key, seed) => ({ images: await start(key, [labels.length, ...image], labels, seed) }),
    render({ images }, { slots, views }) {
      const filled = padded(images, factor * rows, factor * columns, padding)
      const grid = reshape(filled, [layout.slots, factor, rows, factor, columns, channels])
      const cells = reshape(transpose(grid, [0, 1, 3, 2, 4, 5]), [layout.slots * layout.views, rows, columns, channels])
      const seen = add(mul(cast(slots, 'float32'), layout.views), cast(views, 'float32'))
      const cell = gather(cells, cast(seen, 'int32'))
      return { images: resizeBilinear(cell, height, width), targets: targetsOf(layout, slots) }
    },
  }
}

/** Fills up at the bottom and on the right. */
function padded(images: Tensor4D, height: number, width: number, value: number): Tensor4D {
  const after = [0, height - images.shape[1], width - images.shape[2], 0]
  if (after.every((length) => length === 0)) return images
  // Zeros outside are all that `pad` knows: the value is moved to zero and back.
  return add(pad(add(images, -value), [0, 0, 0, 0], after), value)
}
