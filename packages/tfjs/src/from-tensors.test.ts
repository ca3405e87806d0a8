import '@tensorflow/tfjs-backend-cpu'
import '@tensorflow/tfjs-backend-wasm'
import type { Preprocessing } from '@haba/core'
import { testDataset } from '@haba/testing'
import * as tf from '@tensorflow/tfjs-core'
import { array, generator, zip, type Dataset } from '@tensorflow/tfjs-data'
import { beforeEach, describe, expect, it } from 'vitest'
import { fromTensors, type FromTensorsOptions } from './from-tensors.js'
import { fromTfData, type FromTfDataOptions } from './from-tf-data.js'

await tf.setBackend('cpu')

const image = [2, 1, 3] as const
const bytes = (images: number) => Array.from({ length: images * 6 }, (_, i) => (i * 37) % 256)
const stacked = (images: number, values = bytes(images)) => tf.tensor4d(values, [images, ...image])
const halved: Preprocessing = {
  name: 'halved',
  settings: {},
  apply: (pixels) => pixels.map((pixel) => pixel / 2),
  invert: (values) => values.map((value) => value * 2),
}
const read = async (data: { images(indices: Int32Array): Promise<tf.Tensor> }, ...indices: readonly number[]) => [
  ...(await data.images(Int32Array.from(indices))).dataSync(),
]
const near = (got: readonly number[], wanted: readonly number[]) => {
  expect(got.length).toBe(wanted.length)
  got.forEach((value, i) => expect(value).toBeCloseTo(wanted[i]!, 6))
}
const scaled = (values: readonly number[], by = 255) => values.map((value) => value / by)

testDataset({
  name: 'tensors',
  make: () =>
    fromTensors({
      images: stacked(4),
      labels: tf.tensor1d([0, 1, 1, 0], 'int32'),
      test: { images: stacked(2), labels: [1, 0] },
      preprocessing: halved,
    }),
  sizes: { train: 4, test: 2 },
})

describe.each(['cpu', 'wasm'])('fromTensors with tensors of %s', (backend) => {
  beforeEach(async () => {
    await tf.setBackend(backend)
  })

  it('needs images and labels only, and lives longer than the tensors', async () => {
    const [images, labels] = [stacked(3), tf.tensor1d([0, 2, 1], 'int32')]
    const data = await fromTensors({ images, labels })
    tf.dispose([images, labels])
    expect(data).toMatchObject({ name: 'tensors', image, classes: 3, classNames: ['0', '1', '2'] })
    expect('test' in data).toBe(false)
    expect(data.train.labels).toEqual(Int32Array.of(0, 2, 1))
    near(await read(data.train, 2, 0), scaled([...bytes(3).slice(12), ...bytes(1)]))
    expect(await data.train.pixels!(Int32Array.of(1))).toEqual(Uint8Array.from(bytes(2).slice(6)))
  })

  it.each<[string, tf.Tensor, readonly number[]]>([
    ['whole numbers', stacked(2), scaled(bytes(2))],
    ['int32', tf.tensor4d(bytes(2), [2, ...image], 'int32'), scaled(bytes(2))],
    ['fractions', stacked(2, scaled(bytes(2), 256)), scaled(bytes(2), 256)],
    ['gray images', tf.tensor3d([0, 255, 51, 102], [2, 2, 1]), [0, 1, 0.2, 0.4]],
  ])('takes %s', async (_, images, wanted) => {
    near(await read((await fromTensors({ images, labels: [0, 1] })).train, 0, 1), wanted)
  })

  it('takes one-hot labels, whose columns are the classes', async () => {
    const labels = tf.tensor2d([0, 1, 0, 0, 1, 0, 0, 0], [2, 4])
    const data = await fromTensors({ images: stacked(2), labels })
    expect([data.classes, ...data.train.labels]).toEqual([4, 1, 0])
  })

  it('reads preprocessed images as they are', async () => {
    const images = stacked(1, [-2, 3, 0.5, 8, 0, 1])
    const data = await fromTensors({ images, labels: [0], preprocessed: true })
    expect(await read(data.train, 0)).toEqual([-2, 3, 0.5, 8, 0, 1])
    expect(data.train.pixels).toBeUndefined()
    near([...data.preprocessing.invert(Float32Array.of(-2, 8, 3), image)], [0, 1, 0.5])
    const known = await fromTensors({ images, labels: [0], preprocessed: true, preprocessing: halved })
    expect(await read(known.train, 0)).toEqual([-2, 3, 0.5, 8, 0, 1])
    expect([...known.preprocessing.invert(Float32Array.of(0.25), image)]).toEqual([0.5])
  })

  it('preprocesses and names as it is told', async () => {
    const test = { images: stacked(1), labels: [1] }
    const options = { images: stacked(2), labels: [0, 1], test, preprocessing: halved }
    const data = await fromTensors({ ...options, name: 'mine', classNames: ['cat', 'dog', 'fox'] })
    expect(data).toMatchObject({ name: 'mine', classes: 3, classNames: ['cat', 'dog', 'fox'] })
    near(await read(data.test, 0), scaled(bytes(1), 510))
  })
})

describe('fromTensors refuses', () => {
  const good: FromTensorsOptions = { images: stacked(2), labels: [0, 1] }
  it.each<[string, Partial<FromTensorsOptions>, RegExp]>([
    ['vectors', { images: tf.tensor2d([1, 2], [2, 1]) }, /'tensors', train: expected images \[images, .*got \[2,1\]/],
    ['another count', { labels: [0] }, /train: expected one label for each of 2 images, got 1/],
    ['broken labels', { labels: [0, 0.5] }, /train: expected labels that are classes 0, 1, …, got 0.5 for image 1/],
    ['negative labels', { labels: [0, -1] }, /got -1 for image 1/],
    [
      'soft labels',
      { labels: tf.tensor2d([0.5, 0.5, 1, 0], [2, 2]) },
      /expected one-hot labels.*\[0.5,0.5\] for image 0/,
    ],
    [
      'labels of rank 3',
      { labels: tf.zeros([2, 1, 1]) },
      /expected labels \[images\] or \[images, classes\], got \[2,1,1\]/,
    ],
    [
      'values that are no pixels',
      {
        images: stacked(
          2,
          bytes(2).map((v) => v - 9),
        ),
      },
      /0 … 255, or in \[0, 1\], got values from -9 to .*preprocessed: true/,
    ],
    [
      'NaN',
      {
        images: stacked(
          2,
          bytes(2).map((v, i) => (i === 7 ? NaN : v)),
        ),
      },
      /finite images, got NaN in image 1/,
    ],
    [
      'NaN in preprocessed images',
      {
        images: stacked(
          2,
          bytes(2).map((v, i) => (i === 7 ? NaN : v)),
        ),
        preprocessed: true,
      },
      /finite images, got NaN in image 1/,
    ],
    ['a label without a name', { classNames: ['only'] }, /train: expected labels of 1 classes, got 1 for image 1/],
    [
      'other columns',
      { labels: tf.tensor2d([1, 0, 0, 1], [2, 2]), classNames: ['a', 'b', 'c'] },
      /labels of 3 classes, got 2 columns/,
    ],
    [
      'test images of another shape',
      { test: { images: tf.zeros([1, 3, 1, 3]), labels: [0] } },
      /test: expected images \[2,1,3\], as in training, got \[3,1,3\]/,
    ],
  ])('%s', async (_, change, message) => {
    await expect(fromTensors({ ...good, ...change })).rejects.toThrow(message)
  })

  it('an index beyond the set', async () => {
    await expect(read((await fromTensors(good)).train, 2)).rejects.toThrow(/expected indices 0 … 1, got 2/)
  })
})

const pictures = (count: number) =>
  Array.from({ length: count }, (_, i) => tf.tensor3d(bytes(count).slice(6 * i, 6 * i + 6), [...image]))
const labeled = (labels: readonly tf.TensorContainer[]) =>
  array(pictures(labels.length).map((xs, i) => ({ xs, ys: labels[i]! })) as { xs: tf.Tensor3D; ys: number }[])

describe('fromTfData', () => {
  const wanted = scaled(bytes(3))
  const hot = (label: number) => tf.oneHot(label, 3)
  it.each<[string, () => Dataset<tf.TensorContainer>, FromTfDataOptions?]>([
    ['single images', () => labeled([0, 2, 1])],
    ['scalar tensors as labels', () => labeled([0, 2, 1].map((label) => tf.scalar(label)))],
    ['one-hot labels', () => labeled([0, 2, 1].map(hot))],
    ['batches, the last of which is smaller', () => labeled([0, 2, 1]).batch(2)],
    ['batches of one-hot labels', () => labeled([0, 2, 1].map(hot)).batch(2)],
    [
      'zipped datasets',
      () => zip({ xs: array(pictures(3)), ys: array([0, 2, 1]) }).batch(3) as Dataset<tf.TensorContainer>,
    ],
    ['pairs', () => array(pictures(3).map((x, i) => [x, [0, 2, 1][i]!])) as Dataset<tf.TensorContainer>],
    [
      'a generator, of other names',
      () =>
        generator(function* () {
          for (const [i, picture] of pictures(3).entries()) yield { picture, digit: [0, 2, 1][i]! }
        }) as Dataset<tf.TensorContainer>,
      { keys: ['picture', 'digit'] },
    ],
  ])('takes %s', async (_, make, options) => {
    const data = await fromTfData(make(), options)
    expect(data).toMatchObject({ name: 'tf.data', image, classes: 3 })
    expect([...data.train.labels]).toEqual([0, 2, 1])
    near(await read(data.train, 0, 1, 2), wanted)
  })

  it('takes gray images without channels, test images, and preprocessed ones', async () => {
    const gray = array([{ xs: tf.tensor2d([-3, 5], [2, 1]), ys: 0 }])
    const data = await fromTfData(gray, { test: gray, preprocessed: true, classNames: ['a', 'b'] })
    expect([data.image, data.classes]).toEqual([[2, 1, 1], 2])
    expect(await read(data.test, 0)).toEqual([-3, 5])
  })

  it('leaves no tensor of the dataset behind', async () => {
    const before = tf.memory().numTensors
    const own = labeled([0, 2, 1])
    const made = tf.memory().numTensors - before
    await fromTfData(own.batch(2))
    expect(tf.memory().numTensors - before).toBe(made)
    await expect(fromTfData(own.batch(2), { keys: ['xs', 'zs'] })).rejects.toThrow()
    expect(tf.memory().numTensors - before).toBe(made)
  })

  it.each<[string, () => unknown, RegExp, FromTfDataOptions?]>([
    [
      'a dataset without an end',
      () => labeled([0]).repeat(),
      /expected a dataset that ends, got one that repeats forever. End it with `.take\(count\)`/,
    ],
    ['an empty dataset', () => array([]), /train: expected at least one element, got none/],
    ['what is no dataset', () => 3, /train: expected a tf.data.Dataset, got number/],
    [
      'elements without images',
      () => array([{ x: 1, y: 2 }]),
      /element 0: expected an image or a batch of images at 'xs', got { x, y }/,
    ],
    ['elements that are numbers', () => array([1]), /at 'xs', got number/],
    [
      'images as lists',
      () => array([{ xs: [[1]], ys: 0 }]),
      /element 0: expected an image or a batch of images at 'xs'/,
    ],
    [
      'labels that are words',
      () => array([{ xs: tf.zeros([2, 2]), ys: 'cat' }]),
      /expected labels as numbers at 'ys', got cat/,
    ],
    [
      'images of other shapes',
      () =>
        array([
          { xs: tf.zeros([2, 2]), ys: 0 },
          { xs: tf.zeros([2, 3]), ys: 0 },
        ]),
      /element 1: expected images \[2,2\], as before, got \[2,3\]/,
    ],
    [
      'labels of other lengths',
      () =>
        array([
          { xs: tf.zeros([2, 2]), ys: hot(0) },
          { xs: tf.zeros([2, 2]), ys: 0 },
        ]),
      /element 1: expected labels of 3 values for 1 images, got 1/,
    ],
  ])('refuses %s', async (_, make, message, options) => {
    await expect(fromTfData(make() as Dataset<tf.TensorContainer>, options)).rejects.toThrow(message)
  })
})
