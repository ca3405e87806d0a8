import type { Tensor, Tensor2D, Tensor4D } from '@tensorflow/tfjs-core'
import {
  concat,
  constant,
  drawSome,
  drawView,
  fold,
  indicesByClass,
  matMul,
  reshape,
  rowsOf,
  slotsOfClass,
  type Args,
  type Augmentation,
  type Key,
  type Layout,
  type RealSource,
  type Rows,
} from '@haba/core'

/** Real images of a class, the set's rows of that class under one view, and the draw that changes both alike. */
export type ClassBatch = { readonly real: Tensor4D; readonly rows: Rows; readonly augment: Args }

/** A batch of every class, in the order of classes; a view and an augmentation for each. The caller owns them. */
export function drawClasses(
  key: Key,
  { real, layout }: { readonly real: RealSource; readonly layout: Layout },
  realPerClass: number,
  augmentation: Augmentation | undefined,
): Promise<readonly ClassBatch[]> {
  return Promise.all(
    indicesByClass(real.labels, real.classes).map(async (members, label) => {
      const own = fold(fold(key, 'class'), label)
      return {
        real: await real.images(drawSome(fold(own, 'real'), members, realPerClass)),
        rows: rowsOf(slotsOfClass(layout, label), drawView(fold(own, 'view'), layout)),
        augment: augmentation?.draw(fold(own, 'augment'), 1, layout.image) ?? {},
      }
    }),
  )
}

/** Images of several classes as one batch, each class changed by its own draw. */
export function joined(
  images: readonly Tensor4D[],
  batches: readonly ClassBatch[],
  augmentation: Pick<Augmentation, 'apply'> | undefined,
): Tensor4D {
  const changed = images.map((one, i) => (augmentation ? augmentation.apply(one, batches[i]!.augment) : one))
  return changed.length === 1 ? changed[0]! : concat(changed, 0)
}

/** How many images each class has. */
export const countsOf = (images: readonly Tensor4D[]): readonly number[] => images.map(({ shape }) => shape[0])

/**
 * Means over each class of a class-contiguous batch: `[classes, values of a row]`.
 *
 * @param x `[rows, …]`
 * @param counts rows of each class
 */
export function classMeans(x: Tensor, counts: readonly number[]): Tensor2D {
  const rows = x.shape[0]!
  const weights = new Float32Array(counts.length * rows)
  let at = 0
  counts.forEach((count, label) => {
    weights.fill(1 / count, label * rows + at, label * rows + at + count)
    at += count
  })
  return matMul(
    constant(weights, [counts.length, rows]) as Tensor2D,
    reshape(x, [rows, x.size / rows]) as Tensor2D,
  ) as Tensor2D
}
