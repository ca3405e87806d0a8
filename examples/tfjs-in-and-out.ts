/** TensorFlow.js on both sides: a tf.LayersModel is what images are matched under, and is trained on the set by `fitDataset`. */
import { keyFrom, pixels, sgd } from '@haba/core'
import { mnist } from '@haba/datasets'
import { distill, expand } from '@haba/distill'
import { onnxEngine } from '@haba/engine-onnx'
import { distributionMatching } from '@haba/matching'
import { fromLayersModel, toTfData } from '@haba/tfjs'
import '@tensorflow/tfjs-backend-cpu'
import * as tf from '@tensorflow/tfjs-core'
import { layers, sequential } from '@tensorflow/tfjs-layers'

const model = sequential({
  layers: [
    layers.conv2d({ inputShape: [28, 28, 1], filters: 8, kernelSize: 5, strides: 2, activation: 'relu' }),
    layers.flatten(),
    layers.dense({ units: 10, activation: 'softmax' }),
  ],
})
const { train, test, image, classes } = await mnist()
const engine = onnxEngine()
const parameterization = pixels({ image, classes, perClass: 2 })
const objective = distributionMatching({ network: fromLayersModel(model), realPerClass: 64 })
const spec = { engine, key: keyFrom(1), real: train, parameterization, objective, steps: 20 }

for await (const { step, state } of distill({ ...spec, optimizer: sgd({ learningRate: 0.3 }) })) {
  if (step < spec.steps) continue
  const set = toTfData(await expand(engine, parameterization, state.set))
  model.compile({ optimizer: tf.train.adam(0.003), loss: 'categoricalCrossentropy', metrics: ['accuracy'] })
  await model.fitDataset(set.shuffle(20, '1').batch(10), { epochs: 20, verbose: 0 })
}

const images = await test.images(Int32Array.from({ length: 500 }, (_, i) => i))
const labels = tf.oneHot(tf.tensor1d(test.labels.slice(0, 500), 'int32'), classes)
const [, accuracy] = [model.evaluate(images, labels)].flat()
console.log(`after training on 20 images: ${(100 * accuracy!.dataSync()[0]!).toFixed(1)} % of 500 test images`)
