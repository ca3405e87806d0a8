import { foldIn, HabaError, type ImageShape, type Key, type Mode, type Tree } from '@haba/core'
import type { Tensor4D } from '@tensorflow/tfjs-core'
import { flatten, type Head } from './head.js'
import { convolution } from './initializers.js'
import type { Normalization } from './normalizations.js'
import type { Pooling } from './poolings.js'
import type { NamedNetwork } from './pytorch.js'
import { freshAffine, freshState, momentNames, normalizer, unitNames, type NetworkState, type Unit } from './unit.js'

/** Any function of a map that keeps its shape; its `name` becomes part of the network's name. */
export type Activation = (x: Tensor4D) => Tensor4D

/** Convolution, normalization, activation, pooling. */
export interface Block {
  readonly width: number
  readonly kernel: number
  readonly pad: number
  readonly pooling: Pooling
}

interface Stack {
  /** `[height, width, channels]` of the output. */
  readonly map: ImageShape
  init(key: Key): { readonly weights: readonly Unit[]; readonly state: NetworkState }
  apply(
    weights: readonly Unit[],
    images: Tensor4D,
    mode: Mode<NetworkState>,
  ): { readonly output: Tensor4D; readonly maps: readonly Tensor4D[]; readonly state: NetworkState }
  readonly parameters: NamedNetwork['parameters']
  readonly statistics: NamedNetwork['statistics']
}

/** A sequence of blocks, named as in a PyTorch `Sequential` called `features`. */
export function stackOf(
  who: string,
  image: ImageShape,
  blocks: readonly Block[],
  normalization: Normalization,
  activation: Activation,
): Stack {
  const plan = planOf(who, image, blocks, normalization)
  const names = namesOf(plan)
  return {
    map: plan.at(-1)!.pooled,
    init: (key) => ({
      weights: plan.map(({ kernel, inside, width, affine }, i) => ({
        convolution: convolution(foldIn(foldIn(key, 'blocks'), i), [kernel, kernel, inside, width]),
        norm: freshAffine(affine),
      })),
      state: freshState(
        normalization,
        blocks.map(({ width }) => width),
      ),
    }),
    apply: (weights, images, mode) => {
      const normalize = normalizer(normalization, mode)
      const maps: Tensor4D[] = []
      let x = images
      plan.forEach(({ pad, pooling }, i) => {
        maps.push(activation(normalize.convolved(x, weights[i]!, { pad }))) // [batch, height, width, width of block]
        x = pooling.apply(maps.at(-1)!) // [batch, height/factor, width/factor, width of block]
      })
      return { output: x, maps: [...maps, x], state: normalize.state() }
    },
    parameters: names.flatMap(({ convolution, norm }, i) => unitNames(`blocks.${i}`, convolution, true, norm)),
    statistics: normalization.running ? momentNames(names.map(({ norm }) => norm!)) : [],
  }
}

interface Planned extends Block {
  readonly inside: number
  readonly pooled: ImageShape
  readonly affine: readonly number[] | undefined
}

/** Computes the shapes of all blocks. A single-channel image is padded by 2 more, so that 28 × 28 becomes 32 × 32. */
function planOf(who: string, image: ImageShape, blocks: readonly Block[], normalization: Normalization): Planned[] {
  let shape = image
  return blocks.map((block, i) => {
    const [height, width, inside] = shape
    const pad = i === 0 && inside === 1 ? block.pad + 2 : block.pad
    const after = (length: number) => length + 2 * pad - block.kernel + 1
    const map: ImageShape = [after(height), after(width), block.width]
    const { factor } = block.pooling
    shape = [Math.floor(map[0] / factor), Math.floor(map[1] / factor), block.width]
    if (shape[0] < 1 || shape[1] < 1)
      throw new HabaError(
        who,
        `images that survive ${blocks.length} blocks`,
        `[${image}], which is empty after block ${i + 1}`,
        'Use fewer blocks, less pooling or larger images.',
      )
    return { ...block, pad, inside, pooled: shape, affine: normalization.affine(map) }
  })
}

/** The names of convolutions and normalizations in a `Sequential`, where activations and poolings also have an index. */
function namesOf(plan: readonly Planned[]): { readonly convolution: string; readonly norm: string | undefined }[] {
  let place = 0
  return plan.map(({ affine, pooling }) => {
    const start = place
    place += 2 + (affine ? 1 : 0) + (pooling.factor > 1 ? 1 : 0)
    return { convolution: `features.${start}`, norm: affine && `features.${start + 1}` }
  })
}

/** Blocks, then `reduce` on the last map, then a head on the flattened result. */
export function sequential<W extends Readonly<Record<string, Tree>>>(
  name: string,
  stack: Stack,
  head: Head<W>,
  reduce: (x: Tensor4D) => Tensor4D = (x) => x,
): NamedNetwork<{ readonly blocks: readonly Unit[] } & W, NetworkState> {
  return {
    name,
    init: (key) => {
      const { weights, state } = stack.init(key)
      return { weights: { blocks: weights, ...head.init(key) }, state }
    },
    apply: (weights, images, mode) => {
      const { output, maps, state } = stack.apply(weights.blocks, images, mode)
      return { ...head.apply(weights, flatten(reduce(output))), maps, state }
    },
    parameters: [...stack.parameters, ...head.names],
    statistics: stack.statistics,
  }
}
