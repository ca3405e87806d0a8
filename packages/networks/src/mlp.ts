import { checkArguments, type ImageShape } from '@haba/core'
import { flatten, perceptronHead, type Perceptron } from './head.js'
import type { NamedNetwork } from './pytorch.js'
import type { NetworkState } from './unit.js'

/** Options of the MLP. */
export interface MlpOptions {
  readonly image: ImageShape
  readonly classes: number
}

/** Two hidden layers of 128 units with ReLU, on flattened images (411 146 parameters for CIFAR-10). */
export function mlp(options: MlpOptions): NamedNetwork<Perceptron, NetworkState> {
  const { image, classes } = checkArguments('mlp', options, { image: 'image', classes: 'classes' })
  const head = perceptronHead(image[0] * image[1] * image[2], [128, 128], classes)
  return {
    name: 'MLP',
    init: (key) => ({ weights: head.init(key), state: {} }),
    apply: (weights, images, { state }) => ({ ...head.apply(weights, flatten(images)), state }),
    parameters: head.names,
    statistics: [],
  }
}
