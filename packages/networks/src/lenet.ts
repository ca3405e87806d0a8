import { checkArguments, relu, type ImageShape } from '@haba/core'
import { perceptronHead, type Perceptron } from './head.js'
import { noNormalization } from './normalizations.js'
import { maxPooling } from './poolings.js'
import type { NamedNetwork } from './pytorch.js'
import { sequential, stackOf } from './stack.js'
import type { NetworkState, Unit } from './unit.js'

/** Options of LeNet. */
export interface LeNetOptions {
  readonly image: ImageShape
  readonly classes: number
}

/** LeNet-5 with ReLU and max pooling (62 006 parameters for CIFAR-10). */
export function leNet(
  options: LeNetOptions,
): NamedNetwork<{ readonly blocks: readonly Unit[] } & Perceptron, NetworkState> {
  const { image, classes } = checkArguments('leNet', options, { image: 'image', classes: 'classes' })
  const blocks = [6, 16].map((width) => ({ width, kernel: 5, pad: 0, pooling: maxPooling }))
  const stack = stackOf('leNet', image, blocks, noNormalization, relu)
  return sequential('LeNet', stack, perceptronHead(stack.map[0] * stack.map[1] * stack.map[2], [120, 84], classes))
}
