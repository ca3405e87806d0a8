import { namedLeaves, type ImageShape, type Preprocessing, type RenderedSet, type Tree } from '@haba/core'
import { encodePicture, toPixels, type Gallery, type GridRow, type Pixels } from '@haba/report'

/** Approximate number of slots to show, equally many of each class. */
const SHOWN = 50

export interface PicturesOptions {
  readonly set: RenderedSet
  /** Parameters; their `bases`, if any, are shown beside the rendered images. */
  readonly params: Tree
  readonly preprocessing: Preprocessing
  readonly classNames: readonly string[]
}

/** Pictures of a set's slots: rows of a grid, and a gallery for a page. */
export async function picturesOf(options: PicturesOptions): Promise<{ rows: readonly GridRow[]; gallery: Gallery }> {
  const { set, params, preprocessing, classNames } = options
  const { image, slots, views, labels } = set.layout
  const invert = (values: Float32Array, shape: ImageShape) => preprocessing.invert(values, shape)
  const rendered = toPixels({ values: set.images, image, invert })
  const bases = await basesOf(params, slots, image, invert)
  const chosen = someOfEachClass(labels, classNames.length)
  const rows = chosen.map((slot) => ({
    label: classNames[labels[slot]!]!,
    ...(bases && { basis: bases.rows[slot]! }),
    views: Array.from({ length: views }, (_, view) => rendered.rows[view * slots + slot]!),
  }))
  const gallerySlots = await Promise.all(
    rows.map(async ({ label, basis, views: pictures }, i) => ({
      className: label,
      slot: chosen[i]!,
      ...(basis && { basis: await encodePicture(basis) }),
      views: await Promise.all(pictures.map(encodePicture)),
    })),
  )
  const caption = `${bases ? `Bases: ${bases.caption}. ` : ''}Images: ${rendered.caption}`
  return { rows, gallery: { slots: gallerySlots, stored: slots, caption } }
}

type Invert = (values: Float32Array, image: ImageShape) => Float32Array

/** Pictures of the `bases` of a set that stores one per slot; as images if they have an image's shape. */
async function basesOf(
  params: Tree,
  slots: number,
  image: ImageShape,
  invert: Invert,
): Promise<{ rows: readonly Pixels[]; caption: string } | undefined> {
  const bases = namedLeaves(params).get('bases')
  const [count, ...shape] = bases?.shape ?? []
  if (!bases || count !== slots || shape.length !== 3) return undefined
  const values = (await bases.data()) as Float32Array
  const same = shape.every((length, axis) => length === image[axis])
  return toPixels({ values, image: [shape[0]!, shape[1]!, shape[2]!], ...(same && { invert }) })
}

function someOfEachClass(labels: Int32Array, classes: number): readonly number[] {
  const most = Math.max(1, Math.floor(SHOWN / classes))
  const seen = new Map<number, number>()
  return [...labels.keys()].filter((slot) => {
    const before = seen.get(labels[slot]!) ?? 0
    seen.set(labels[slot]!, before + 1)
    return before < most
  })
}
