import '@tensorflow/tfjs-backend-cpu'
import {
  directEngine,
  HabaError,
  keyFrom,
  normal,
  softmax,
  tensor,
  tensorLeaves,
  trainer,
  type Network,
  type Tree,
} from '@haba/core'
import * as tf from '@tensorflow/tfjs-core'
import { loadLayersModel, type LayersModel } from '@tensorflow/tfjs-layers'
import { describe, expect, it } from 'vitest'
import { fromLayersModel, type LayersNetwork } from './from-layers-model.js'
import { imageOfModels as image, models } from './models.fixture.js'
import { toLayersModel } from './to-layers-model.js'

await tf.setBackend('cpu')

const images = tensor(normal(keyFrom(1), 6 * 84), [6, ...image])
const targets = tensor(
  Array.from({ length: 18 }, (_, i) => +(i % 3 === Math.floor(i / 3) % 3)),
  [6, 3],
)

/** What tfjs reads of a model that it saved. */
async function savedAndLoaded(model: LayersModel): Promise<LayersModel> {
  let saved: tf.io.ModelArtifacts | undefined
  await model.save(
    tf.io.withSaveHandler(async (artifacts) => {
      saved = artifacts
      return { modelArtifactsInfo: tf.io.getModelArtifactsInfoForJSON(artifacts) }
    }),
  )
  return loadLayersModel(tf.io.fromMemory(saved!))
}

const near = (got: tf.Tensor, wanted: tf.Tensor) => {
  const [a, b] = [[...got.dataSync()], [...wanted.dataSync()]]
  expect(a.length).toBe(b.length)
  a.forEach((value, i) => expect(value).toBeCloseTo(b[i]!, 5))
}

describe.each([
  ['a small convolutional network', true],
  ['batch normalization', false],
  ['batch normalization without scale and shift', false],
  ['branches that join', true],
])('%s, trained here', (name, hasSoftmax) => {
  it('predicts the same when it is saved by tfjs and loaded again', async () => {
    const network = fromLayersModel(models[name]!())
    const { start, step } = trainer({ engine: await directEngine({ backend: 'cpu' }), network })
    let training = start(keyFrom(2))
    const losses: number[] = []
    for (let i = 0; i < 5; i++) {
      const { next, loss } = await step(training, { images, targets }, 0.1, keyFrom(3))
      training = next
      losses.push(loss)
    }
    expect(losses.at(-1)).toBeLessThan(losses[0]!)
    const trained = training
    const values = (tree: Tree) => tensorLeaves(tree).flatMap((x) => [...x.dataSync()])
    const { logits } = (network as Network).apply(trained.weights, images, { kind: 'evaluate', state: trained.state })
    const model = await savedAndLoaded(await toLayersModel(network, trained))
    near(model.predict(images) as tf.Tensor, hasSoftmax ? softmax(logits) : logits)
    // And back once more: the same weights.
    const again = await fromLayersModel(model).current()
    expect(values([again.weights, again.state])).toEqual(values([trained.weights, trained.state]))
  })
})

it('makes a new model each time, and leaves the first as it is', async () => {
  const model = models['flatten and dense']!()
  const before = model.getWeights().map((x) => [...x.dataSync()])
  const network = fromLayersModel(model)
  const made = await toLayersModel(network, network.init(keyFrom(1)))
  expect(made).not.toBe(model)
  expect(model.getWeights().map((x) => [...x.dataSync()])).toEqual(before)
  made.compile({ optimizer: 'sgd', loss: 'meanSquaredError' })
  await made.fit(images, targets, { epochs: 1, verbose: 0 })
})

it('refuses other networks by name, and values of other networks by layer', async () => {
  const network = fromLayersModel(models['flatten and dense']!())
  const other = fromLayersModel(models['a flat input and softmax']!()).init(keyFrom(1))
  const copied: LayersNetwork = { ...network, name: 'MLP' }
  const refused = async (make: Promise<unknown>) => {
    const error: unknown = await make.catch((thrown: unknown) => thrown)
    expect(HabaError.is(error)).toBe(true)
    return (error as Error).message
  }
  expect(await refused(toLayersModel(copied, network.init(keyFrom(1))))).toMatch(
    /toLayersModel: expected a network that fromLayersModel made, got MLP/,
  )
  expect(await refused(toLayersModel(network, other))).toMatch(
    /toLayersModel, layer '.*': expected kernel \[84,5\], got \[84,6\]/,
  )
  const { weights, state } = network.init(keyFrom(1))
  expect(await refused(toLayersModel(network, { weights: weights.slice(1), state }))).toMatch(
    /expected kernel \[84,5\]/,
  )
  const normalized = fromLayersModel(models['batch normalization']!())
  expect(await refused(toLayersModel(normalized, { ...normalized.init(keyFrom(1)), state: [] }))).toMatch(
    /expected mean \[3\], got nothing of that name/,
  )
})
