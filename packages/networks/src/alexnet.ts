import { checkArguments, avgPool, relu, type ImageShape } from '@haba/core'
import { classifierHead } from './head.js'
import type { ConvNetWeights } from './conv-net.js'
import { noNormalization, type Normalization } from './normalizations.js'
import { factorTo, maxPooling, noPooling } from './poolings.js'
import type { NamedNetwork } from './pytorch.js'
import { sequential, stackOf } from './stack.js'
import type { NetworkState } from './unit.js'

/** Options of AlexNet. */
export interface AlexNetOptions {
  readonly image: ImageShape
  readonly classes: number
  /** `batchNormalization` gives the field's AlexNetBN. @default noNormalization */
  readonly normalization?: Normalization
}

/**
 * The field's AlexNet for small images: five convolutions and one linear layer (1 872 202 parameters for CIFAR-10).
 * Larger images are averaged down to 4 × 4 before the classifier.
 */
export function alexNet(options: AlexNetOptions): NamedNetwork<ConvNetWeights, NetworkState> {
  const {
    image,
    classes,
    normalization = noNormalization,
  } = checkArguments('alexNet', options, { image: 'image', classes: 'classes' })
  const blocks = [
    { width: 128, kernel: 5, pad: 2, pooling: maxPooling },
    { width: 192, kernel: 5, pad: 2, pooling: maxPooling },
    { width: 256, kernel: 3, pad: 1, pooling: noPooling },
    { width: 192, kernel: 3, pad: 1, pooling: noPooling },
    { width: 192, kernel: 3, pad: 1, pooling: maxPooling },
  ]
  const stack = stackOf('alexNet', image, blocks, normalization, relu)
  const [height, width, channels] = stack.map
  const factor = factorTo('alexNet', 4, Math.max(height, width))
  const features = Math.floor(height / factor) * Math.floor(width / factor) * channels
  const name = normalization === noNormalization ? 'AlexNet' : `AlexNet-${normalization.name}`
  return sequential(name, stack, classifierHead(features, classes, 'fc'), (x) => (factor > 1 ? avgPool(x, factor) : x))
}
