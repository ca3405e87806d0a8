import { leakyRelu, relu, sigmoid, swish, type ImageShape } from '@haba/core'
import { alexNet } from './alexnet.js'
import { convNet, type ConvNetOptions } from './conv-net.js'
import { leNet } from './lenet.js'
import { mlp } from './mlp.js'
import {
  batchNormalization,
  groupNormalization,
  instanceNormalization,
  layerNormalization,
  noNormalization,
} from './normalizations.js'
import { averagePooling, maxPooling, noPooling } from './poolings.js'
import type { NamedNetwork } from './pytorch.js'
import { resNet18, resNet18AP } from './resnet18.js'
import { vgg11 } from './vgg11.js'

/** Image shape and number of classes of a network. */
export interface ReleasedOptions {
  readonly image: ImageShape
  readonly classes: number
}

/** Makes a network with untyped weights. */
export type ReleasedNetwork = (options: ReleasedOptions) => NamedNetwork

type Variant = Omit<ConvNetOptions, keyof ReleasedOptions>
const variant =
  (settings: Variant = {}): ReleasedNetwork =>
  (options) =>
    convNet({ ...options, ...settings })

const numbered = (name: string, numbers: readonly number[], settings: (number: number) => Variant) =>
  Object.fromEntries(numbers.map((number) => [`ConvNet${name}${number}`, variant(settings(number))]))

const normalization = batchNormalization

/**
 * Networks by their names in the released codes (`get_network`). Deep ones need large images, because each block halves them.
 * `ConvNetIN`, `ConvNetAR` and `ConvNetAP` equal `ConvNet`.
 */
export const releasedNetworks: Readonly<Record<string, ReleasedNetwork>> = {
  ConvNet: variant(),
  ...numbered('D', [1, 2, 3, 4, 5, 6, 7, 8], (depth) => ({ depth })),
  ...numbered('W', [32, 64, 128, 256, 512, 1024], (width) => ({ width })),
  ConvNetKIP: variant({ width: 1024, normalization: noNormalization }),
  ConvNetAS: variant({ activation: sigmoid }),
  ConvNetAR: variant({ activation: relu }),
  ConvNetAL: variant({ activation: leakyRelu }),
  ConvNetASwish: variant({ activation: swish }),
  ConvNetASwishBN: variant({ activation: swish, normalization }),
  ConvNetNN: variant({ normalization: noNormalization }),
  ConvNetBN: variant({ normalization }),
  ConvNetLN: variant({ normalization: layerNormalization }),
  ConvNetIN: variant({ normalization: instanceNormalization }),
  ConvNetGN: variant({ normalization: groupNormalization(4) }),
  ConvNetNP: variant({ pooling: noPooling }),
  ConvNetMP: variant({ pooling: maxPooling }),
  ConvNetAP: variant({ pooling: averagePooling }),
  MLP: mlp,
  LeNet: leNet,
  AlexNet: alexNet,
  AlexNetBN: (options) => alexNet({ ...options, normalization }),
  VGG11: vgg11,
  VGG11BN: (options) => vgg11({ ...options, normalization }),
  ResNet18: resNet18,
  ResNet18BN: (options) => resNet18({ ...options, normalization }),
  ResNet18_AP: resNet18AP,
  ResNet18BN_AP: (options) => resNet18AP({ ...options, normalization }),
}
