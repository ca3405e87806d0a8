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
  batchNormalisation,
  groupNormalisation,
  instanceNormalisation,
  layerNormalisation,
  noNormalisation,
  type Normalisation,
} from './normalisations.js'
import { averagePooling, maxPooling, noPooling } from './poolings.js'
import { releasedNetworks } from './released.js'
import { resNet18, resNet18AP } from './resnet18.js'
import type { Activation } from './stack.js'
import { vgg11 } from './vgg11.js'

const normalisations = {
  instance: instanceNormalisation,
  batch: batchNormalisation,
  layer: layerNormalisation,
  group: groupNormalisation(4),
  none: noNormalisation,
} as const
const activations = { relu, leakyRelu: (x: Parameters<Activation>[0]) => leakyRelu(x), sigmoid, swish, tanh } as const
const poolings = { average: averagePooling, max: maxPooling, none: noPooling } as const

const count = (description: string, byDefault: number) => ({
  type: 'integer',
  minimum: 1,
  default: byDefault,
  description,
})
const normalisation = (byDefault: keyof typeof normalisations) => ({
  enum: Object.keys(normalisations),
  default: byDefault,
  description: 'how maps are normalised (group: by 4)',
})

type Factory = (options: ImageContext & { readonly normalisation: Normalisation }) => Network

/** A network that is fixed up to its normalisation. */
const fixed = (
  summary: string,
  make: Factory,
  byDefault: keyof typeof normalisations,
): PluginEntry<ImageContext, Network> => ({
  summary,
  options: { type: 'object', properties: { normalisation: normalisation(byDefault) } },
  make: (options, context) =>
    make({ ...context, normalisation: normalisations[options.normalisation as keyof typeof normalisations] }),
})

/** Names for configuration files. */
export const plugin: Plugin = {
  networks: {
    convnet: {
      summary: 'the network of dataset distillation: blocks of convolution, normalisation, activation and pooling',
      options: {
        type: 'object',
        properties: {
          depth: count('blocks', 3),
          width: count('channels of every block', 128),
          normalisation: normalisation('instance'),
          activation: { enum: Object.keys(activations), default: 'relu', description: 'after each normalisation' },
          pooling: { enum: Object.keys(poolings), default: 'average', description: '2 × 2, at the end of each block' },
          kernel: { ...count('side of the convolutions, odd', 3) },
        },
      },
      make: (options, context) =>
        convNet({
          ...context,
          depth: options.depth as number,
          width: options.width as number,
          normalisation: normalisations[options.normalisation as keyof typeof normalisations],
          activation: activations[options.activation as keyof typeof activations] as Activation,
          pooling: poolings[options.pooling as keyof typeof poolings],
          kernel: options.kernel as number,
        }) as unknown as Network,
    },
    mlp: {
      summary: 'two hidden layers of 128 on flattened images',
      options: { type: 'object', properties: {} },
      make: (_, context) => mlp(context) as unknown as Network,
    },
    lenet: {
      summary: 'LeNet-5 with ReLU and max pooling',
      options: { type: 'object', properties: {} },
      make: (_, context) => leNet(context) as unknown as Network,
    },
    alexnet: fixed("the field's AlexNet for small images", alexNet as unknown as Factory, 'none'),
    vgg11: fixed('VGG11 with one linear layer', vgg11 as unknown as Factory, 'instance'),
    resnet18: fixed('ResNet18 for small images, halving by strides', resNet18 as unknown as Factory, 'instance'),
    'resnet18-ap': fixed('ResNet18 that halves by averaging', resNet18AP as unknown as Factory, 'instance'),
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
