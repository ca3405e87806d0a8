import '@tensorflow/tfjs-backend-cpu'
import '@tensorflow/tfjs-backend-wasm'
import { HabaError, type RenderedSet } from '@haba/core'
import * as tf from '@tensorflow/tfjs-core'
import { layers, sequential } from '@tensorflow/tfjs-layers'
import { beforeEach, describe, expect, it } from 'vitest'
import { renderedSet, toTensors, toTfData, type RenderedSetOptions } from './sets.js'

const image = [1, 2, 1] as const
/** Two slots under three views; slot 1 has a soft label. */
const set: RenderedSet = {
  layout: { image, classes: 2, slots: 2, views: 3, labels: Int32Array.of(0, 1) },
  images: Float32Array.of(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12),
  targets: Float32Array.of(1, 0, 0.25, 0.75),
}
const values = (x: tf.Tensor) => [...x.dataSync()]

describe.each(['cpu', 'wasm'])('on %s', (backend) => {
  beforeEach(async () => {
    await tf.setBackend(backend)
  })

  it('toTensors gives every slot under every view, with its target and class', () => {
    const { images, targets, labels } = toTensors(set)
    expect([images.shape, targets.shape, labels.shape, labels.dtype]).toEqual([[6, ...image], [6, 2], [6], 'int32'])
    expect(values(tf.sum(images, [1, 2, 3]))).toEqual([3, 7, 11, 15, 19, 23])
    expect(values(targets)).toEqual([1, 0, 0.25, 0.75, 1, 0, 0.25, 0.75, 1, 0, 0.25, 0.75])
    expect(values(labels)).toEqual([0, 1, 0, 1, 0, 1])
    tf.dispose([images, targets, labels])
    expect(set.images[0]).toBe(1)
  })

  it('toTfData gives the same one by one, as often as it is read', async () => {
    const data = toTfData(set)
    const { images, targets } = toTensors(set)
    for (const _ of [0, 1]) {
      const rows = await data.toArray()
      expect(rows.map(({ xs }) => xs.shape)).toEqual(rows.map(() => image))
      expect(rows.flatMap(({ xs }) => values(xs))).toEqual(values(images))
      expect(rows.flatMap(({ ys }) => values(ys))).toEqual(values(targets))
    }
    const [batch] = await data.batch(4).take(1).toArray()
    expect((batch as { xs: tf.Tensor }).xs.shape).toEqual([4, ...image])
  })

  it('renderedSet takes back what toTensors gave', async () => {
    const one = { ...set, layout: { ...set.layout, views: 1 }, images: set.images.slice(0, 4) }
    const { images, targets, labels } = toTensors(one)
    expect(await renderedSet({ images, labels: targets })).toEqual(one)
    const hard = { ...one, targets: Float32Array.of(1, 0, 0, 1) }
    expect(await renderedSet({ images, labels })).toEqual(hard)
    expect(await renderedSet({ images, labels: [0, 1], classes: 3 })).toMatchObject({
      layout: { classes: 3 },
      targets: Float32Array.of(1, 0, 0, 0, 1, 0),
    })
  })
})

it('a tfjs model learns a set by fit and by fitDataset', async () => {
  await tf.setBackend('cpu')
  // Class 0 rises, class 1 falls: a linear model can tell.
  const own = await renderedSet({ images: tf.tensor4d([0, 1, 1, 0, 0, 2, 2, 0], [4, ...image]), labels: [0, 1, 0, 1] })
  const fresh = () => {
    const model = sequential({
      layers: [
        layers.flatten({ inputShape: [...image] }),
        layers.dense({ units: 2, activation: 'softmax', kernelInitializer: 'zeros' }),
      ],
    })
    model.compile({ optimizer: tf.train.sgd(0.5), loss: 'categoricalCrossentropy', metrics: ['accuracy'] })
    return model
  }
  const { images, targets } = toTensors(own)
  const byTensors = fresh()
  const before = values((byTensors.evaluate(images, targets) as tf.Tensor[])[0]!)[0]!
  await byTensors.fit(images, targets, { epochs: 10, batchSize: 4, shuffle: false })
  const byDataset = fresh()
  await byDataset.fitDataset(toTfData(own).batch(4), { epochs: 10, verbose: 0 })
  for (const model of [byTensors, byDataset]) {
    const [loss, accuracy] = (model.evaluate(images, targets) as tf.Tensor[]).map((x) => values(x)[0]!)
    expect(loss).toBeLessThan(before / 2)
    expect(accuracy).toBe(1)
  }
  // The same batches in the same order.
  expect(values(byTensors.getWeights()[0]!)).toEqual(values(byDataset.getWeights()[0]!))
})

it.each<[string, () => RenderedSetOptions, RegExp]>([
  [
    'images of rank 3',
    () => ({ images: tf.zeros([2, 1, 2]), labels: [0, 1] }),
    /expected images \[images, .*got \[2,1,2\]/,
  ],
  [
    'another count',
    () => ({ images: tf.zeros([2, ...image]), labels: [0] }),
    /expected labels \[2\] or \[2, classes\], got \[1\]/,
  ],
  ['NaN', () => ({ images: tf.fill([2, ...image], NaN), labels: [0, 1] }), /expected finite images, got NaN at 0/],
  [
    'a broken class',
    () => ({ images: tf.zeros([2, ...image]), labels: [0, 0.5] }),
    /expected labels 0 … .*got 0.5 for image 1/,
  ],
  [
    'a class too high',
    () => ({ images: tf.zeros([2, ...image]), labels: [0, 5], classes: 3 }),
    /labels 0 … 2, got 5 for image 1/,
  ],
  [
    'other columns',
    () => ({ images: tf.zeros([2, ...image]), labels: tf.zeros([2, 2]), classes: 3 }),
    /labels of 3 classes, got 2 columns/,
  ],
])('renderedSet refuses %s', async (_, make, message) => {
  await tf.setBackend('cpu')
  const error: unknown = await renderedSet(make()).catch((thrown: unknown) => thrown)
  expect(HabaError.is(error)).toBe(true)
  expect((error as Error).message).toMatch(message)
})
