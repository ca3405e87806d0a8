import { leakyRelu, relu, sigmoid, swish, tanh, type ImageContext, type Network, type Plugin } from '@haba/core'
import { count, entry, nameIn, Type } from '@haba/core/options'
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

const normalization = (byDefault: keyof typeof normalizations) =>
  nameIn(normalizations, 'how maps are normalized (group: by 4)', byDefault)

type Factory = (options: ImageContext & { readonly normalization: Normalization }) => Network

/** A network that is fixed up to its normalization. */
const fixed = (summary: string, make: Factory, byDefault: keyof typeof normalizations) =>
  entry({
    summary,
    options: Type.Object({ normalization: normalization(byDefault) }),
    make: ({ normalization }, context: ImageContext) =>
      make({ ...context, normalization: normalizations[normalization] }),
  })

/** Names for configuration files. */
export const plugin: Plugin = {
  networks: {
    convnet: entry({
      summary: 'the network of dataset distillation: blocks of convolution, normalization, activation and pooling',
      options: Type.Object({
        depth: count('blocks', 3),
        width: count('channels of every block', 128),
        normalization: normalization('instance'),
        activation: nameIn(activations, 'after each normalization', 'relu'),
        pooling: nameIn(poolings, '2 × 2, at the end of each block', 'average'),
        kernel: count('side of the convolutions, odd', 3),
      }),
      make: ({ normalization, activation, pooling, ...options }, context) =>
        convNet({
          ...context,
          ...options,
          normalization: normalizations[normalization],
          activation: activations[activation],
          pooling: poolings[pooling],
        }),
    }),
    mlp: {
      summary: 'two hidden layers of 128 on flattened images',
      options: Type.Object({}),
      make: (_, context) => mlp(context),
    },
    lenet: {
      summary: 'LeNet-5 with ReLU and max pooling',
      options: Type.Object({}),
      make: (_, context) => leNet(context),
    },
    alexnet: fixed("the field's AlexNet for small images", alexNet, 'none'),
    vgg11: fixed('VGG11 with one linear layer', vgg11, 'instance'),
    resnet18: fixed('ResNet18 for small images, halving by strides', resNet18, 'instance'),
    'resnet18-ap': fixed('ResNet18 that halves by averaging', resNet18AP, 'instance'),
    released: entry({
      summary: 'a network by the name that the released codes give it, such as ConvNetASwishBN',
      options: Type.Object({ name: nameIn(releasedNetworks, 'as in the papers') }),
      make: ({ name }, context) => releasedNetworks[name]!(context),
    }),
  },
}
