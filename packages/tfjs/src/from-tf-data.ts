import { HabaError, sizeOf, tensor, type Dataset, type TrainDataset } from '@haba/core'
import { dispose, Tensor, type TensorContainer } from '@tensorflow/tfjs-core'
import { datasetOf, type DataOptions } from './from-tensors.js'
import { readHalf, type Half } from './read-tensors.js'

/** What is used of a `tf.data.Dataset`. */
export interface TfDataset {
  readonly size: number | null
  iterator(): Promise<{ next(): Promise<{ readonly value: unknown; readonly done?: boolean }> }>
}

/** What `fromTfData` takes besides the training data. */
export interface FromTfDataOptions extends DataOptions {
  /** @default no test images: a `TrainDataset` */
  readonly test?: TfDataset
  /** Where images and labels are in each element. @default ['xs', 'ys'], or [0, 1] of elements that are lists */
  readonly keys?: readonly [images: string | number, labels: string | number]
}

/**
 * A data set from a `tf.data.Dataset`, read to its end once. Each element is an image `[height, width, channels]` (or
 * `[height, width]`) with its class or one-hot label, or a batch of them: `{ xs, ys }` as `fitDataset` takes it. Elements
 * are disposed of, as `fitDataset` does.
 *
 * @throws HabaError where a dataset has no end, or an element has no image or label, or another shape than the first
 * @example const { train } = await fromTfData(tf.data.zip({ xs, ys }).batch(64))
 */
export function fromTfData(
  dataset: TfDataset,
  options: FromTfDataOptions & { readonly test: TfDataset },
): Promise<Dataset>
export function fromTfData(dataset: TfDataset, options?: FromTfDataOptions): Promise<TrainDataset>
export async function fromTfData(
  dataset: TfDataset,
  { test, keys, ...options }: FromTfDataOptions = {},
): Promise<TrainDataset> {
  const { name = 'tf.data', preprocessed = false } = options
  const read = (one: TfDataset, half: string) => materialized(`fromTfData, '${name}', ${half}`, one, keys, preprocessed)
  const train = await read(dataset, 'train')
  return datasetOf('fromTfData', { name, ...options }, train, test && (await read(test, 'test')))
}

async function materialized(
  who: string,
  dataset: TfDataset,
  keys: FromTfDataOptions['keys'],
  preprocessed: boolean,
): Promise<Half> {
  if (typeof dataset?.iterator !== 'function')
    throw new HabaError(who, 'a tf.data.Dataset', typeof dataset, 'Pass the dataset itself, not its iterator.')
  if (dataset.size === Infinity)
    throw new HabaError(who, 'a dataset that ends', 'one that repeats forever', 'End it with `.take(count)`.')
  const images: Float32Array[] = []
  const labels: number[] = []
  let [image, width]: [readonly number[] | undefined, number | undefined] = [undefined, undefined]
  const iterator = await dataset.iterator()
  for (let element = await iterator.next(), i = 0; !element.done; element = await iterator.next(), i++) {
    const at = `${who}, element ${i}`
    try {
      const { x, y } = await readElement(at, element.value, keys)
      const shape = x.shape.length === 4 ? x.shape.slice(1) : x.shape
      const count = x.shape.length === 4 ? x.shape[0]! : 1
      image ??= shape
      width ??= y.length / count
      if (String(shape) !== String(image))
        throw new HabaError(at, `images [${image}], as before`, `[${shape}]`, 'Resize them.')
      if (y.length !== count * width)
        throw new HabaError(at, `labels of ${width} values for ${count} images`, `${y.length}`, 'Check the labels.')
      images.push(x.values)
      for (const value of y) labels.push(value)
    } finally {
      dispose(element.value as TensorContainer)
    }
  }
  if (!image) throw new HabaError(who, 'at least one element', 'none', 'An iterator can be read once; make it anew.')
  const count = images.reduce((total, values) => total + values.length, 0) / sizeOf(image)
  const all = new Float32Array(count * sizeOf(image))
  let next = 0
  for (const values of images) {
    all.set(values, next)
    next += values.length
  }
  const [stacked, rows] = [tensor(all, [count, ...image]), width === 1 ? labels : tensor(labels, [count, width!])]
  try {
    return await readHalf(who, { images: stacked, labels: rows }, preprocessed)
  } finally {
    dispose([stacked, ...(rows instanceof Tensor ? [rows] : [])])
  }
}

/** The image or images of an element, and the numbers of its label. */
async function readElement(at: string, element: unknown, keys: FromTfDataOptions['keys']) {
  const isRecord = typeof element === 'object' && element !== null && !(element instanceof Tensor)
  const [imageKey, labelKey] = keys ?? (Array.isArray(element) ? [0, 1] : ['xs', 'ys'])
  const parts = (isRecord ? element : {}) as Readonly<Record<string | number, unknown>>
  const [x, y] = [parts[imageKey], parts[labelKey]]
  if (!(x instanceof Tensor) || x.rank < 2 || x.rank > 4)
    throw new HabaError(
      at,
      `an image or a batch of images at '${imageKey}'`,
      x instanceof Tensor ? `shape [${x.shape}]` : isRecord ? `{ ${Object.keys(element).join(', ')} }` : typeof element,
      'Say where they are by `keys`, and make tensors of arrays by `.batch(count)`.',
    )
  const numbers = y instanceof Tensor ? Array.from(await y.data()) : [y].flat()
  if (!numbers.every((value): value is number => typeof value === 'number') || numbers.length === 0)
    throw new HabaError(at, `labels as numbers at '${labelKey}'`, String(y), 'Say where they are by `keys`.')
  return { x: { shape: x.shape, values: Float32Array.from(await x.data()) }, y: numbers }
}
