import { HabaError, oneHotRows, sizeOf, type Dataset, type RenderedSet } from '@haba/core'
import { imageFolder, openNpz, type Npz, type NpyArray } from '@haba/datasets'
import { statSync } from 'node:fs'

/** Names that people give to images and labels. */
const pairs = [
  ['x_train', 'y_train'],
  ['images', 'labels'],
  ['x', 'y'],
] as const

/**
 * Images from elsewhere as a finished set with one view, to be measured as any other: a folder for each class, matched by name with
 * the classes of the data, or an .npz file. Its images are pixels (`x_train`, `images` or `x`: 0 … 255, or floats in `[0, 1]`), which
 * are preprocessed as the data are; an array `values` instead holds images that are preprocessed already. Labels are numbers of the data's
 * classes (`y_train`, `labels` or `y`), or rows of probabilities (`targets`).
 *
 * @throws HabaError if images have another size than the data, or a label is not one of its classes
 */
export async function imagesAsSet(path: string, data: Dataset): Promise<RenderedSet> {
  const found = statSync(path, { throwIfNoEntry: false })
  if (found?.isDirectory()) return await ofFolder(path, data)
  if (found && path.endsWith('.npz')) return ofNpz(path, await openNpz(path), data)
  throw new HabaError(
    path,
    'a folder of images, or an .npz file',
    found ? 'another file' : 'nothing',
    'Check the path.',
  )
}

async function ofFolder(path: string, { image, classNames, preprocessing }: Dataset): Promise<RenderedSet> {
  // Both halves, since a set has one.
  const read = { train: path, test: path, channels: image[2] === 1 ? 1 : 3, onWarning: () => {} } as const
  const { train, image: own, classNames: names } = await imageFolder({ ...read, preprocessing })
  checkImage(path, own, image)
  const place = names.map((name) => classNames.indexOf(name))
  if (place.includes(-1) || names.length !== classNames.length)
    throw new HabaError(path, `the classes ${classNames.join(', ')}`, names.join(', '), 'Name folders as the data do.')
  const labels = train.labels.map((label) => place[label]!)
  const images = await train.images(Int32Array.from(labels.keys()))
  const values = Float32Array.from(await images.data())
  images.dispose()
  return setOf(path, values, labels, oneHotRows(labels, classNames.length), { image, classes: classNames.length })
}

function ofNpz(path: string, npz: Npz, { image, classes, preprocessing }: Dataset): RenderedSet {
  const pair = pairs.find(([x]) => npz.names.includes(x))
  const seen = npz.names.includes('values')
  if (!seen && !pair)
    throw new HabaError(
      path,
      `an array values, ${pairs.map(([x]) => x).join(', ')}`,
      npz.names.join(', '),
      'Rename it.',
    )
  const stored = npz.read(seen ? 'values' : pair![0])
  const [count = 0, ...own] = stored.shape
  checkImage(path, own.length === 2 ? [...own, 1] : own, image)
  const numbers = Float32Array.from(stored.values)
  const unit = stored.values instanceof Uint8Array ? numbers.map((value) => value / 255) : numbers
  if (!seen && unit.some((value) => !(value >= 0 && value <= 1)))
    throw new HabaError(
      path,
      'pixels of uint8, or floats in [0, 1]',
      'others',
      'Name the array "values" if it is preprocessed already.',
    )
  const values = seen ? unit : preprocessing.apply(unit, image)
  const targets = npz.names.includes('targets') ? npz.read('targets') : undefined
  const who = `${path}, ${targets ? 'targets' : (pair?.[1] ?? 'y_train')}`
  if (targets) {
    checkShape(who, targets, [count, classes])
    const rows = Float32Array.from(targets.values)
    const labels = Int32Array.from({ length: count }, (_, i) => {
      const row = rows.subarray(i * classes, (i + 1) * classes)
      return row.indexOf(row.reduce((a, b) => Math.max(a, b)))
    })
    return setOf(path, values, labels, rows, { image, classes })
  }
  const labels = npz.read(pair?.[1] ?? 'y_train')
  checkShape(who, labels, [count])
  const wrong = Array.from(labels.values).find((label) => !(Number.isInteger(label) && label >= 0 && label < classes))
  if (wrong !== undefined) throw new HabaError(who, `labels 0 … ${classes - 1}`, `${wrong}`, 'Correct it.')
  const whole = Int32Array.from(labels.values)
  return setOf(path, values, whole, oneHotRows(whole, classes), { image, classes })
}

function setOf(
  who: string,
  images: Float32Array,
  labels: Int32Array,
  targets: Float32Array,
  { image, classes }: Pick<Dataset, 'image' | 'classes'>,
): RenderedSet {
  if (labels.length === 0) throw new HabaError(who, 'images', 'none', 'Check the path.')
  for (const values of [images, targets])
    if (!values.every(Number.isFinite)) throw new HabaError(who, 'finite numbers', 'others', 'Check how it was made.')
  return { layout: { image, classes, slots: labels.length, views: 1, labels }, images, targets }
}

function checkImage(who: string, own: readonly number[], image: readonly number[]): void {
  if (`${own}` !== `${image}`)
    throw new HabaError(who, `images of ${image.join('×')}, as the data have`, own.join('×'), 'Resize them.')
}

function checkShape(who: string, { shape, values }: NpyArray, expected: readonly number[]): void {
  if (`${shape}` !== `${expected}` || values.length !== sizeOf(expected))
    throw new HabaError(who, `shape [${expected}]`, `[${shape}]`, 'One row for each image.')
}
