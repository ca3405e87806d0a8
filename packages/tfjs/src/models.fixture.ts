import { input, layers, model, sequential, type LayersModel } from '@tensorflow/tfjs-layers'

/** `[height, width, channels]` of the images that the models take. */
export const imageOfModels = [6, 7, 2] as const
const image = [...imageOfModels]

/** Every supported layer and setting in some model; small, since they are run in double precision many times. */
export const models: Readonly<Record<string, () => LayersModel>> = {
  'flatten and dense': () =>
    sequential({
      layers: [
        layers.flatten({ inputShape: image }),
        layers.dense({ units: 5, activation: 'tanh', kernelInitializer: 'heNormal' }),
        layers.dense({ units: 3, useBias: false }),
      ],
    }),
  'a flat input and softmax': () =>
    sequential({
      layers: [
        layers.dense({ inputShape: [84], units: 6, activation: 'sigmoid', biasInitializer: 'randomNormal' }),
        layers.dropout({ rate: 0.5 }),
        layers.dense({ units: 3, activation: 'softmax', kernelInitializer: 'randomUniform' }),
      ],
    }),
  'a small convolutional network': () =>
    sequential({
      layers: [
        layers.conv2d({ inputShape: image, filters: 3, kernelSize: 3, padding: 'same', activation: 'relu' }),
        layers.maxPooling2d({ poolSize: 2 }),
        layers.conv2d({ filters: 4, kernelSize: [2, 3], kernelInitializer: 'glorotUniform' }),
        layers.leakyReLU({ alpha: 0.2 }),
        layers.flatten(),
        layers.dense({ units: 3, kernelInitializer: 'leCunNormal' }),
        layers.softmax(),
      ],
    }),
  'batch normalization': () =>
    sequential({
      layers: [
        layers.conv2d({ inputShape: image, filters: 3, kernelSize: 3, strides: 2, padding: 'same', useBias: false }),
        layers.batchNormalization({
          momentum: 0.8,
          gammaInitializer: 'randomUniform',
          betaInitializer: 'randomNormal',
        }),
        layers.activation({ activation: 'swish' }),
        layers.globalAveragePooling2d({}),
        layers.dense({ units: 4 }),
        layers.batchNormalization({
          epsilon: 0.1,
          movingMeanInitializer: 'randomNormal',
        }),
        layers.elu(),
        layers.dense({ units: 3 }),
      ],
    }),
  'batch normalization without scale and shift': () =>
    sequential({
      layers: [
        layers.conv2d({ inputShape: image, filters: 2, kernelSize: 2 }),
        layers.batchNormalization({ scale: false, center: false, movingMeanInitializer: 'randomNormal' }),
        layers.globalMaxPooling2d({}),
        layers.dense({ units: 3 }),
      ],
    }),
  'same poolings of two sides': () =>
    sequential({
      layers: [
        layers.zeroPadding2d({
          inputShape: image,
          padding: [
            [1, 0],
            [2, 1],
          ],
        }),
        layers.averagePooling2d({ poolSize: [3, 2], strides: [2, 1], padding: 'same' }),
        layers.maxPooling2d({ poolSize: [2, 3], strides: [1, 2], padding: 'same' }),
        layers.averagePooling2d({ poolSize: [1, 2] }),
        layers.reshape({ targetShape: [16] }),
        layers.dense({ units: 3, kernelInitializer: 'heUniform' }),
      ],
    }),
  'branches that join': () => {
    const x = input({ shape: image })
    const convolution = () => layers.conv2d({ filters: 3, kernelSize: 3, padding: 'same', activation: 'softplus' })
    const shared = convolution()
    const a = shared.apply(convolution().apply(x)) as ReturnType<typeof input>
    const b = layers.add().apply([a, shared.apply(a) as ReturnType<typeof input>]) as ReturnType<typeof input>
    const joined = layers.concatenate().apply([b, x]) as ReturnType<typeof input>
    const pooled = layers.globalAveragePooling2d({}).apply(joined)
    return model({
      inputs: x,
      outputs: layers.dense({ units: 3, activation: 'softmax' }).apply(pooled) as ReturnType<typeof input>,
    })
  },
  'dense layers on maps': () =>
    sequential({
      layers: [
        layers.dense({ inputShape: image, units: 3, activation: 'mish' }),
        layers.reLU({ maxValue: 0.5 }),
        layers.flatten(),
        layers.dense({ units: 3 }),
      ],
    }),
  ...Object.fromEntries(
    (['relu6', 'elu', 'selu', 'hardSigmoid', 'softsign', 'linear', 'softmax'] as const).map((activation) => [
      `the activation ${activation}`,
      () =>
        sequential({
          layers: [
            layers.flatten({ inputShape: image }),
            layers.dense({ units: 4, activation, kernelInitializer: 'truncatedNormal' }),
            layers.dense({ units: 3, kernelInitializer: 'glorotNormal' }),
          ],
        }),
    ]),
  ),
}
