export { alexNet, type AlexNetOptions } from './alexnet.js'
export { convNet, type ConvNetOptions, type ConvNetWeights } from './conv-net.js'
export { type Classifier, type Perceptron } from './head.js'
export {
  convolution,
  defaultUniform,
  linear,
  unbiasedConvolution,
  type Convolution,
  type Linear,
} from './initializers.js'
export { leNet, type LeNetOptions } from './lenet.js'
export { mlp, type MlpOptions } from './mlp.js'
export {
  batchNormalization,
  groupNormalization,
  instanceNormalization,
  layerNormalization,
  noNormalization,
  type Affine,
  type Moments,
  type Normalization,
} from './normalizations.js'
export { averagePooling, maxPooling, noPooling, type Pooling } from './poolings.js'
export { fromPyTorch, toPyTorch, type NamedNetwork, type NamedParameter } from './pytorch.js'
export { releasedNetworks, type ReleasedNetwork, type ReleasedOptions } from './released.js'
export { resNet18, resNet18AP, type ResidualBlock, type ResNet18Options, type ResNetWeights } from './resnet18.js'
export { type Activation } from './stack.js'
export { type NetworkState, type RunningMoments, type Unit } from './unit.js'
export { vgg11, type Vgg11Options } from './vgg11.js'
