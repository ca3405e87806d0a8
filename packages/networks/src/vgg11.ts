import { checkArguments, mean, relu, type ImageShape } from '@haba/core'
import type { ConvNetWeights } from './conv-net.js'
import { classifierHead } from './head.js'
import { instanceNormalization, type Normalization } from './normalizations.js'
import { maxPooling, noPooling } from './poolings.js'
import type { NamedNetwork } from './pytorch.js'
import { sequential, stackOf } from './stack.js'
import type { NetworkState } from './unit.js'

/** Options of VGG11. */
export interface Vgg11Options {
  readonly image: ImageShape
  readonly classes: number
  /** `batchNormalization` gives the field's VGG11BN. @default instanceNormalization */
  readonly normalization?: Normalization
}

const WIDTHS = [64, 128, 256, 256, 512, 512, 512, 512]
/** Blocks that end in a 2 × 2 max pooling. */
const POOLED = [0, 1, 3, 5, 7]

/** VGG11 with one linear layer (9 231 114 parameters for CIFAR-10); last maps larger than 1 × 1 are averaged. */
export function vgg11(options: Vgg11Options): NamedNetwork<ConvNetWeights, NetworkState> {
  const {
    image,
    classes,
    normalization = instanceNormalization,
  } = checkArguments('vgg11', options, { image: 'image', classes: 'classes' })
  const blocks = WIDTHS.map((width, i) => ({
    width,
    kernel: 3,
    pad: 1,
    pooling: POOLED.includes(i) ? maxPooling : noPooling,
  }))
  const stack = stackOf('vgg11', image, blocks, normalization, relu)
  const whole = stack.map[0] * stack.map[1] === 1
  return sequential(`VGG11-${normalization.name}`, stack, classifierHead(512, classes), (x) =>
    whole ? x : mean(x, [1, 2], true),
  )
}
