import { checkArguments, add, avgPool, foldIn, mean, relu, type ImageShape, type Key } from '@haba/core'
import type { Tensor4D } from '@tensorflow/tfjs-core'
import { classifierHead, flatten, type Classifier } from './head.js'
import { unbiasedConvolution } from './initializers.js'
import { instanceNormalization, type Normalization } from './normalizations.js'
import type { NamedNetwork, NamedParameter } from './pytorch.js'
import { convolve, freshAffine, freshState, momentNames, normalizer, unitNames } from './unit.js'
import type { NetworkState, Normalizer, Unit } from './unit.js'

/** Options of both ResNets. */
export interface ResNet18Options {
  readonly image: ImageShape
  readonly classes: number
  /** `batchNormalization` gives the field's BN variants. @default instanceNormalization */
  readonly normalization?: Normalization
}

/** Two convolutions, and a third on the shortcut if size or width changes. */
export type ResidualBlock =
  | { readonly first: Unit; readonly second: Unit; readonly shortcut: Unit }
  | { readonly first: Unit; readonly second: Unit }

/** `stem`, then eight blocks, then the classifier; no convolution has a bias. */
export type ResNetWeights = { readonly stem: Unit; readonly blocks: readonly ResidualBlock[] } & Classifier

/** How a network halves its maps, and the input of its classifier. */
interface Variant {
  readonly name: string
  /** Stride of the convolutions that halve. */
  readonly stride: number
  /** Pooling that halves after such a convolution if the stride does not. */
  pool(x: Tensor4D): Tensor4D
  halved(length: number): number
  last(x: Tensor4D): Tensor4D
  /** Index of the shortcut's normalization in PyTorch. */
  readonly shortcutNorm: number
}
const strided: Variant = {
  name: 'ResNet18',
  stride: 2,
  pool: (x) => x,
  halved: (length) => Math.ceil(length / 2),
  last: (x) => mean(x, [1, 2], true),
  shortcutNorm: 1,
}
const averaged: Variant = {
  name: 'ResNet18AP',
  stride: 1,
  pool: (x) => avgPool(x, 2),
  halved: (length) => Math.floor(length / 2),
  last: (x) => x,
  shortcutNorm: 2,
}

/**
 * ResNet18 for small images: no pooling after the stem, a global mean before the classifier (11 173 962 parameters for
 * CIFAR-10). Its `maps` are the ends of the four stages, then the input of the classifier.
 */
export const resNet18 = (options: ResNet18Options) =>
  resNet(strided, checkArguments('resNet18', options, { image: 'image', classes: 'classes' }))

/** ResNet18 with average pooling instead of strides, and flattened last maps (11 250 762 parameters for CIFAR-10). */
export const resNet18AP = (options: ResNet18Options) =>
  resNet(averaged, checkArguments('resNet18AP', options, { image: 'image', classes: 'classes' }))

interface PlannedUnit {
  readonly convolution: string
  readonly norm: string
  /** `[height, width, in, out]` */
  readonly kernel: readonly [number, number, number, number]
  /** Shape of the normalized map. */
  readonly map: ImageShape
}
interface PlannedBlock {
  readonly halves: boolean
  readonly first: PlannedUnit
  readonly second: PlannedUnit
  readonly shortcut: PlannedUnit | undefined
}

/** Four stages of two blocks; the first block of the second, third and fourth stage halves the maps. */
function planOf(variant: Variant, image: ImageShape): PlannedBlock[] {
  let [height, width, inside] = [image[0], image[1], 64]
  return [64, 64, 128, 128, 256, 256, 512, 512].map((out, i) => {
    const halves = out !== inside
    const before: ImageShape = [height, width, out]
    if (halves) [height, width] = [variant.halved(height), variant.halved(width)]
    const after: ImageShape = [height, width, out]
    const name = `layer${Math.floor(i / 2) + 1}.${i % 2}`
    const shortcut: PlannedUnit = {
      convolution: `${name}.shortcut.0`,
      norm: `${name}.shortcut.${variant.shortcutNorm}`,
      kernel: [1, 1, inside, out],
      map: after,
    }
    const unit = (place: number, map: ImageShape, channels: number): PlannedUnit => ({
      convolution: `${name}.conv${place}`,
      norm: `${name}.bn${place}`,
      kernel: [3, 3, channels, out],
      map,
    })
    const first = unit(1, variant.stride === 1 ? before : after, inside)
    inside = out
    return { halves, first, second: unit(2, after, out), shortcut: halves ? shortcut : undefined }
  })
}

function resNet(
  variant: Variant,
  { image, classes, normalization = instanceNormalization }: ResNet18Options,
): NamedNetwork<ResNetWeights, NetworkState> {
  const plan = planOf(variant, image)
  const stem: PlannedUnit = {
    convolution: 'conv1',
    norm: 'bn1',
    kernel: [3, 3, image[2], 64],
    map: [image[0], image[1], 64],
  }
  const [height, width, channels] = plan.at(-1)!.second.map
  const features = variant === averaged ? height * width * channels : channels
  const head = classifierHead(features, classes)
  const units = [stem, ...plan.flatMap(unitsOf)]
  return {
    name: `${variant.name}-${normalization.name}`,
    init: (key) => ({
      weights: {
        stem: freshUnit(foldIn(key, 'stem'), stem, normalization),
        blocks: plan.map((block, i) => freshBlock(foldIn(foldIn(key, 'blocks'), i), block, normalization)),
        ...head.init(key),
      },
      state: freshState(
        normalization,
        units.map(({ kernel }) => kernel[3]),
      ),
    }),
    apply: ({ stem, blocks, classifier }, images, mode) => {
      const normalize = normalizer(normalization, mode)
      const maps: Tensor4D[] = []
      let x = relu(normalize.convolved(images, stem, { pad: 1 })) // [batch, height, width, 64]
      blocks.forEach((block, i) => {
        x = residual(x, block, plan[i]!.halves, variant, normalize)
        if (i % 2 === 1) maps.push(x) // [batch, height/(1, 2, 4, 8), width/(1, 2, 4, 8), 64 … 512]
      })
      const last = variant.last(x)
      return { ...head.apply({ classifier }, flatten(last)), maps: [...maps, last], state: normalize.state() }
    },
    parameters: [...parametersOf(stem, plan, normalization), ...head.names],
    statistics: normalization.running ? momentNames(units.map(({ norm }) => norm)) : [],
  }
}

const unitsOf = ({ first, second, shortcut }: PlannedBlock) => [first, second, ...(shortcut ? [shortcut] : [])]

const freshUnit = (key: Key, { kernel, map }: PlannedUnit, normalization: Normalization): Unit => ({
  convolution: unbiasedConvolution(key, kernel),
  norm: freshAffine(normalization.affine(map)),
})

function freshBlock(key: Key, { first, second, shortcut }: PlannedBlock, normalization: Normalization): ResidualBlock {
  const unit = (name: string, planned: PlannedUnit) => freshUnit(foldIn(key, name), planned, normalization)
  const both = { first: unit('first', first), second: unit('second', second) }
  return shortcut ? { ...both, shortcut: unit('shortcut', shortcut) } : both
}

function residual(
  x: Tensor4D,
  block: ResidualBlock,
  halves: boolean,
  variant: Variant,
  normalize: Normalizer,
): Tensor4D {
  const stride = halves ? variant.stride : 1
  const pool = halves ? variant.pool : (y: Tensor4D) => y
  const inner = pool(relu(normalize.convolved(x, block.first, { pad: 1, stride })))
  const outer = normalize.convolved(inner, block.second, { pad: 1 })
  if (!('shortcut' in block)) return relu(add(outer, x))
  const { convolution, norm } = block.shortcut
  return relu(add(outer, normalize(pool(convolve(x, convolution, { stride })), norm)))
}

function parametersOf(stem: PlannedUnit, plan: readonly PlannedBlock[], { affine }: Normalization): NamedParameter[] {
  const names = (path: string, { convolution, norm, map }: PlannedUnit) =>
    unitNames(path, convolution, false, affine(map) ? norm : undefined)
  return [
    ...names('stem', stem),
    ...plan.flatMap(({ first, second, shortcut }, i) => [
      ...names(`blocks.${i}.first`, first),
      ...names(`blocks.${i}.second`, second),
      ...(shortcut ? names(`blocks.${i}.shortcut`, shortcut) : []),
    ]),
  ]
}
