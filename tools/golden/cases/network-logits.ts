import { HabaError, leakyRelu, sigmoid, type ImageShape, type Tree } from '@haba/core'
import {
  alexNet,
  batchNormalization,
  fromPyTorch,
  groupNormalization,
  layerNormalization,
  leNet,
  maxPooling,
  mlp,
  noNormalization,
  noPooling,
  resNet18,
  resNet18AP,
  vgg11,
  type ConvNetOptions,
  type NamedNetwork,
} from '@haba/networks'
import type { Tensor4D } from '@tensorflow/tfjs-core'
import type { Comparison, GoldenCase } from '../golden-case.js'
import { imageShapeOf, imagesOf } from '../layouts.js'
import { convNetOf } from '../networks.js'

type Meta = Readonly<
  Record<string, { readonly names: readonly string[]; readonly shapes: readonly (readonly number[])[] }>
>
interface Options {
  readonly image: ImageShape
  readonly classes: number
}

const normalization = batchNormalization
const ARCHITECTURES: Readonly<Record<string, (options: Options) => NamedNetwork>> = {
  mlp,
  lenet: leNet,
  alexnet: alexNet,
  vgg11,
  vgg11_bn: (options) => vgg11({ ...options, normalization }),
  resnet18: resNet18,
  resnet18_bn: (options) => resNet18({ ...options, normalization }),
  resnet18_ap: resNet18AP,
  resnet18_bn_ap: (options) => resNet18AP({ ...options, normalization }),
}

/** What is named in a ConvNet's tag; depth and width are read off its parameters. */
const VARIANTS: Readonly<Record<string, Partial<ConvNetOptions>>> = {
  sigmoid: { activation: sigmoid },
  leakyrelu: { activation: leakyRelu },
  batchnorm: { normalization: batchNormalization },
  layernorm: { normalization: layerNormalization },
  groupnorm: { normalization: groupNormalization(4) },
  nonorm: { normalization: noNormalization },
  maxpool: { pooling: maxPooling },
  nopool: { pooling: noPooling },
}

function networkOf(tag: string, shapes: readonly (readonly number[])[], image: ImageShape): NamedNetwork {
  const [family, ...words] = tag.split('_')
  if (family === 'convnet')
    return convNetOf(shapes, image, Object.assign({}, ...words.map((word) => VARIANTS[word] ?? {})))
  const make = ARCHITECTURES[tag]
  if (!make)
    throw new HabaError(
      'network_logits',
      `one of ${Object.keys(ARCHITECTURES).join(', ')}`,
      tag,
      'Add it to this case.',
    )
  return make({ image, classes: shapes.at(-1)![0]! })
}

/** Logits in training mode of every architecture listed, with wave-filled parameters. */
export const networkLogits: GoldenCase = async ({ engine, meta, wave, tensor }) => {
  const inputs = { rgb: tensor('input.rgb'), gray: tensor('input.gray') }
  const comparisons: Record<string, Comparison> = {}
  for (const [tag, { names, shapes }] of Object.entries(meta as Meta)) {
    const [, architecture, gray] = /^(.*?)(_gray_\d+)?$/.exec(tag)!
    const input = gray ? inputs.gray : inputs.rgb
    const network = networkOf(architecture!, shapes, imageShapeOf(input))
    const filled = wave(names, shapes)
    const { weights, state } = fromPyTorch(network, Object.fromEntries(names.map((name, k) => [name, filled[k]!])))
    const compute = engine.compile(tag, (w: Tree, s: Tree, images: Tensor4D) => {
      return network.apply(w, images, { kind: 'train', state: s }).logits
    })
    const logits = await compute(weights, state, imagesOf(input))
    comparisons[`${tag}.logits`] = { expected: tensor(`${tag}.logits`), got: logits, order: 1 }
  }
  return comparisons
}
