import type { Tensor, Tensor2D, Tensor4D } from '@tensorflow/tfjs-core'
import {
  concat,
  constant,
  disposeOnThrow,
  drawProducts,
  drawSome,
  foldIn,
  indicesByClass,
  matMul,
  reshape,
  slotsOfClass,
  type Args,
  type Augmentation,
  type Key,
  type Layout,
  type RealSource,
  type Rows,
  type ViewCount,
} from '@haba/core'

/** Real images of a class, the set's rows of that class, and the draw that changes both alike. */
export type ClassBatch = { readonly real: Tensor4D; readonly rows: Rows; readonly augment: Args }

/** The part of a class that a step sees. */
export interface ClassDraw {
  /** Real images. */
  readonly realPerClass: number
  /** Views of its slots. */
  readonly views: ViewCount
  /** Most slots of the class under these views. @default all */
  readonly syntheticPerClass?: number | undefined
  /** One draw a class. */
  readonly augmentation?: Augmentation | undefined
}

/** A batch of every class, in the order of classes, with views and an augmentation drawn for each. The caller owns them. */
export function drawClasses(
  key: Key,
  { real, layout }: { readonly real: RealSource; readonly layout: Layout },
  { realPerClass, views, syntheticPerClass, augmentation }: ClassDraw,
): Promise<readonly ClassBatch[]> {
  return disposeOnThrow((own) =>
    Promise.all(
      indicesByClass(real.labels, real.classes).map(async (members, label) => {
        const ofClass = foldIn(foldIn(key, 'class'), label)
        const images = own(await real.images(drawSome(foldIn(ofClass, 'real'), members, realPerClass)))
        const slots = slotsOfClass(layout, label)
        const rows = own(drawProducts(foldIn(ofClass, 'view'), layout, slots, views, syntheticPerClass))
        const augment = augmentation?.draw(foldIn(ofClass, 'augment'), 1, layout.image) ?? {}
        return { real: images, rows, augment: own(augment) }
      }),
    ),
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
  const rows = x.shape[0]
  const weights = new Float32Array(counts.length * rows)
  let at = 0
  counts.forEach((count, label) => {
    weights.fill(1 / count, label * rows + at, label * rows + at + count)
    at += count
  })
  return matMul(constant(weights, [counts.length, rows]), reshape(x, [rows, x.size / rows]))
}
