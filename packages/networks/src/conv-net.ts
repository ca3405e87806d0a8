import { checkArguments, HabaError, relu, type ImageShape } from '@haba/core'
import { classifierHead, type Classifier } from './head.js'
import { instanceNormalization, type Normalization } from './normalizations.js'
import { averagePooling, type Pooling } from './poolings.js'
import type { NamedNetwork } from './pytorch.js'
import { sequential, stackOf, type Activation } from './stack.js'
import type { NetworkState, Unit } from './unit.js'

/** Options of the ConvNet. */
export interface ConvNetOptions {
  readonly image: ImageShape
  readonly classes: number
  /** Number of blocks. @default 3 */
  readonly depth?: number
  /** Channels of every block. @default 128 */
  readonly width?: number
  /** @default instanceNormalization */
  readonly normalization?: Normalization
  /** @default relu */
  readonly activation?: Activation
  /** @default averagePooling */
  readonly pooling?: Pooling
  /** Kernel size, odd; padding keeps the size of maps. @default 3 */
  readonly kernel?: number
}

/** `blocks.i.convolution.{kernel, bias}`, `blocks.i.norm.{scale, shift}`, `classifier.{kernel, bias}`. */
export type ConvNetWeights = { readonly blocks: readonly Unit[] } & Classifier

/**
 * The network of dataset distillation (Gidaris and Komodakis 2018; Zhao et al. 2021): blocks of convolution,
 * normalization, activation and pooling, then a linear classifier on the flattened maps. Its `maps` are the blocks'
 * activations before pooling, shallow to deep, then the last pooled map. The first convolution pads single-channel
 * images by 2 more, so that 28 × 28 becomes 32 × 32.
 *
 * @example
 * const network = convNet({ image: [32, 32, 3], classes: 10 })
 * network.name // 'ConvNetD3W128-IN-relu-AP', 320 010 parameters
 */
export function convNet(options: ConvNetOptions): NamedNetwork<ConvNetWeights, NetworkState> {
  const {
    image,
    classes,
    depth = 3,
    width = 128,
    normalization = instanceNormalization,
    activation = relu,
    pooling = averagePooling,
    kernel = 3,
  } = checkArguments('convNet', options, { image: 'image', classes: 'classes' })
  if (kernel % 2 !== 1) throw new HabaError('convNet', 'an odd kernel', `${kernel}`, 'Use 3.')
  for (const [what, count] of Object.entries({ classes, depth, width }))
    if (!Number.isInteger(count) || count < 1)
      throw new HabaError('convNet', `${what} of at least 1`, `${count}`, 'Use a positive whole number.')
  const blocks = Array.from({ length: depth }, () => ({ width, kernel, pad: (kernel - 1) / 2, pooling }))
  const stack = stackOf('convNet', image, blocks, normalization, activation)
  const features = stack.map[0] * stack.map[1] * stack.map[2]
  const size = `D${depth}W${width}${kernel === 3 ? '' : `K${kernel}`}`
  const name = `ConvNet${size}-${normalization.name}-${activation.name || 'custom'}-${pooling.name}`
  return sequential(name, stack, classifierHead(features, classes))
}
