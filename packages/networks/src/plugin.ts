import {
  leakyRelu,
  relu,
  sigmoid,
  swish,
  tanh,
  type ImageContext,
  type Network,
  type Plugin,
  type PluginEntry,
} from '@haba/core'
import { alexNet } from './alexnet.js'
import { convNet } from './conv-net.js'
import { leNet } from './lenet.js'
import { mlp } from './mlp.js'
import {
  batchNormalization,
  groupNormalization,
  instanceNormalization,
  layerNormalization,
  noNormalization,
  type Normalization,
} from './normalizations.js'
import { averagePooling, maxPooling, noPooling } from './poolings.js'
import { releasedNetworks } from './released.js'
import { resNet18, resNet18AP } from './resnet18.js'
import type { Activation } from './stack.js'
import { vgg11 } from './vgg11.js'

const normalizations = {
  instance: instanceNormalization,
  batch: batchNormalization,
  layer: layerNormalization,
  group: groupNormalization(4),
  none: noNormalization,
} as const
const activations = { relu, leakyRelu: (x: Parameters<Activation>[0]) => leakyRelu(x), sigmoid, swish, tanh } as const
const poolings = { average: averagePooling, max: maxPooling, none: noPooling } as const

const count = (description: string, byDefault: number) => ({
  type: 'integer',
  minimum: 1,
  default: byDefault,
  description,
})
const normalization = (byDefault: keyof typeof normalizations) => ({
  enum: Object.keys(normalizations),
  default: byDefault,
  description: 'how maps are normalized (group: by 4)',
})

type Factory = (options: ImageContext & { readonly normalization: Normalization }) => Network

/** A network that is fixed up to its normalization. */
const fixed = (
  summary: string,
  make: Factory,
  byDefault: keyof typeof normalizations,
): PluginEntry<ImageContext, Network> => ({
  summary,
  options: { type: 'object', properties: { normalization: normalization(byDefault) } },
  make: (options, context) =>
    make({ ...context, normalization: normalizations[options.normalization as keyof typeof normalizations] }),
})

/** Names for configuration files. */
export const plugin: Plugin = {
  networks: {
    convnet: {
      summary: 'the network of dataset distillation: blocks of convolution, normalization, activation and pooling',
      options: {
        type: 'object',
        properties: {
          depth: count('blocks', 3),
          width: count('channels of every block', 128),
          normalization: normalization('instance'),
          activation: { enum: Object.keys(activations), default: 'relu', description: 'after each normalization' },
          pooling: { enum: Object.keys(poolings), default: 'average', description: '2 × 2, at the end of each block' },
          kernel: { ...count('side of the convolutions, odd', 3) },
        },
      },
      make: (options, context) =>
        convNet({
          ...context,
          depth: options.depth as number,
          width: options.width as number,
          normalization: normalizations[options.normalization as keyof typeof normalizations],
          activation: activations[options.activation as keyof typeof activations],
          pooling: poolings[options.pooling as keyof typeof poolings],
          kernel: options.kernel as number,
        }),
    },
    mlp: {
      summary: 'two hidden layers of 128 on flattened images',
      options: { type: 'object', properties: {} },
      make: (_, context) => mlp(context),
    },
    lenet: {
      summary: 'LeNet-5 with ReLU and max pooling',
      options: { type: 'object', properties: {} },
      make: (_, context) => leNet(context),
    },
    alexnet: fixed("the field's AlexNet for small images", alexNet, 'none'),
    vgg11: fixed('VGG11 with one linear layer', vgg11, 'instance'),
    resnet18: fixed('ResNet18 for small images, halving by strides', resNet18, 'instance'),
    'resnet18-ap': fixed('ResNet18 that halves by averaging', resNet18AP, 'instance'),
    released: {
      summary: 'a network by the name that the released codes give it, such as ConvNetASwishBN',
      options: {
        type: 'object',
        properties: { name: { enum: Object.keys(releasedNetworks), description: 'as in the papers' } },
        required: ['name'],
      },
      make: ({ name }, context) => releasedNetworks[name as string]!(context),
    },
  },
}
