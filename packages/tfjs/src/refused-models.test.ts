import '@tensorflow/tfjs-backend-cpu'
import { crossEntropy, grad, HabaError, keyFrom, normal, tensor } from '@haba/core'
import * as tf from '@tensorflow/tfjs-core'
import { input, layers, model as functional, sequential, type LayersModel } from '@tensorflow/tfjs-layers'
import { describe, expect, it } from 'vitest'
import { fromLayersModel } from './from-layers-model.js'
import { imageOfModels as image, models } from './models.fixture.js'

await tf.setBackend('cpu')

describe('fromLayersModel refuses', () => {
  const first = { inputShape: [6, 7, 2], name: 'first' }
  const ended = (
    ...some: Parameters<typeof sequential>[0] extends { layers?: infer L } | undefined ? NonNullable<L> : never
  ) => sequential({ layers: [...some, layers.flatten({}), layers.dense({ units: 3, name: 'last' })] })
  const alone = (...some: Parameters<typeof ended>) => sequential({ layers: some })

  it.each<[string, () => LayersModel, RegExp]>([
    [
      'another class of layer',
      () => ended(layers.separableConv2d({ ...first, filters: 2, kernelSize: 2 })),
      /layer 'first' \(SeparableConv2D\): expected one of Conv2D, .*, got SeparableConv2D/,
    ],
    [
      'a recurrent layer',
      () =>
        alone(
          layers.reshape({ inputShape: [6, 7, 2], targetShape: [6, 14] }),
          layers.lstm({ units: 3, name: 'memory', recurrentInitializer: 'zeros' }),
        ),
      /layer 'memory' \(LSTM\)/,
    ],
    [
      'a model inside',
      () => ended(sequential({ layers: [layers.conv2d({ ...first, filters: 2, kernelSize: 2 })], name: 'inner' })),
      /layer 'inner' \(Sequential\)/,
    ],
    [
      'dilation',
      () => ended(layers.conv2d({ ...first, filters: 2, kernelSize: 2, dilationRate: 2 })),
      /layer 'first' \(Conv2D\): expected no dilation, got dilationRate 2,2/,
    ],
    [
      'channels first',
      () => ended(layers.maxPooling2d({ ...first, poolSize: 2, dataFormat: 'channelsFirst' })),
      /layer 'first' \(MaxPooling2D\): expected dataFormat channelsLast/,
    ],
    [
      'another axis',
      () => ended(layers.batchNormalization({ ...first, axis: 1 })),
      /layer 'first' \(BatchNormalization\): expected the last axis, got axis 1/,
    ],
    [
      'another activation',
      () => ended(layers.dense({ ...first, units: 2, activation: 'gelu' })),
      /layer 'first' \(Dense\): expected one of the activations linear, .*, got gelu/,
    ],
    [
      'another initializer',
      () => ended(layers.dense({ ...first, units: 2, kernelInitializer: 'identity' })),
      /layer 'first' \(Dense\), kernel: expected Zeros, .*, got Identity/,
    ],
    [
      'a layer that is not trained',
      () => ended(layers.dense({ ...first, units: 2, trainable: false })),
      /layer 'first' \(Dense\): expected a layer that is trained/,
    ],
    [
      'an end that gives no logits',
      () => alone(layers.flatten(first), layers.dense({ units: 3, activation: 'sigmoid', name: 'last' })),
      /layer 'last' \(Dense\): expected logits, or a softmax of them, at the end of the model, got sigmoid/,
    ],
    [
      'maps at the end',
      () => alone(layers.conv2d({ ...first, filters: 2, kernelSize: 2 })),
      /expected an output \[batch, classes\], got rank 4/,
    ],
    [
      'sizes that are not fixed',
      () => alone(layers.globalAveragePooling2d({ inputShape: [null, null, 3] })),
      /expected an input of fixed sizes, got \[,,3\]/,
    ],
    ['a model that is not built', () => sequential(), /expected a model that is built/],
    [
      'two inputs',
      () => {
        const [a, b] = [input({ shape: [3] }), input({ shape: [3] })]
        return functional({ inputs: [a, b], outputs: layers.add().apply([a, b]) as typeof a })
      },
      /expected one input and one output, got 2 inputs and 1 outputs/,
    ],
  ])('%s', (_, make, message) => {
    let error: unknown
    try {
      fromLayersModel(make())
    } catch (thrown) {
      error = thrown
    }
    expect(HabaError.is(error)).toBe(true)
    expect((error as Error).message).toMatch(message)
  })

  it('a tfjs model in a loss, which has no derivative here: the converted one has', async () => {
    const model = models['flatten and dense']!()
    const images = tensor(normal(keyFrom(1), 3 * 6 * 7 * 2), [3, ...image])
    const targets = tensor([1, 0, 0, 0, 1, 0, 0, 0, 1], [3, 3])
    const wrapped = (x: tf.Tensor4D) => crossEntropy(model.predict(x) as tf.Tensor2D, targets)
    expect(() => grad(wrapped, images)).toThrow(
      /grad: expected only ops of @haba\/core, got the tfjs kernel .*fromLayersModel/,
    )
    const network = fromLayersModel(model)
    const { weights, state } = await network.current()
    const converted = (x: tf.Tensor4D) =>
      crossEntropy(network.apply(weights, x, { kind: 'evaluate', state }).logits, targets)
    expect(Math.hypot(...grad(converted, images).dataSync())).toBeGreaterThan(0)
  })
})
