import type { ImageShape } from '@haba/core'
import { convNet, fromPyTorch, toPyTorch, type ConvNetOptions, type NamedNetwork } from '@haba/networks'
import type { Tensor } from '@tensorflow/tfjs-core'
import { concatenated } from './layouts.js'

/** The ConvNet that parameters of these shapes belong to, in PyTorch's order: depth, width, kernel and classes are read off. */
export function convNetOf(
  shapes: readonly (readonly number[])[],
  image: ImageShape,
  variant: Partial<ConvNetOptions> = {},
): NamedNetwork {
  const kernels = shapes.filter(({ length }) => length === 4)
  const [width, , kernel] = kernels[0]!
  const classes = shapes.at(-1)![0]!
  return convNet({ image, classes, depth: kernels.length, width: width!, kernel: kernel!, ...variant })
}

/** The ConvNet of stored parameters, with their number of classes. */
export function storedConvNet(parameters: Readonly<Record<string, Tensor>>, image: ImageShape) {
  const network = convNetOf([...kernelsOf(parameters), parameters['classifier.bias']!.shape], image)
  return { network, classes: parameters['classifier.bias']!.size, ...fromPyTorch(network, parameters) }
}

const kernelsOf = (parameters: Readonly<Record<string, Tensor>>) =>
  Object.keys(parameters)
    .filter((name) => parameters[name]!.rank === 4)
    .sort((a, b) => a.localeCompare(b, 'en', { numeric: true }))
    .map((name) => parameters[name]!.shape)

/** All weights as one vector in PyTorch's layout. */
export function flatParameters(
  network: NamedNetwork,
  weights: Parameters<typeof toPyTorch>[1]['weights'],
  order = network.parameters.map(({ pytorch }) => pytorch),
): Tensor {
  const named = toPyTorch(network, { weights, state: {} })
  return concatenated(order.map((name) => named[name]!))
}
