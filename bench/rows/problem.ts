import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import {
  classMajorLabels,
  foldIn,
  HabaError,
  keyFrom,
  mapTree,
  normal,
  tensor,
  tensorLeaves,
  toSafetensors,
  type Batch,
  type Engine,
  type ImageShape,
  type Key,
  type RealSource,
  type Tree,
} from '@haba/core'
import type { OnnxEngine } from '@haba/engine-onnx'
import type { FactorizedParams } from '@haba/hallucinator'
import type { Experts } from '@haba/matching/experts'
import { convNet, toPyTorch, type ConvNetWeights } from '@haba/networks'
import type { Tensor, Tensor2D, Tensor4D } from '@tensorflow/tfjs-core'
import type { Check } from '../statistics.js'
import type { Row } from '../table.js'

/** A row of ours, ready to run. */
interface Running {
  /** How a recurrence is differentiated, where there is one. */
  readonly differentiation?: string
  /** What both sides must agree on, from the numbers that ours has shared. */
  check(): Promise<Check>
  /** One round; says when the timed part starts, if not at once. Resolves to the last loss. */
  round(start: () => void): Promise<number>
}

/** Makes a row of ours. `folder` is where numbers are shared with the other side. */
export type MakeRow = (
  row: Row,
  where: { readonly engine: OnnxEngine & Engine; readonly folder: string },
) => Promise<Running>

export const seed = 2022
export const key: Key = keyFrom(seed)
export const image: ImageShape = [32, 32, 3]
export const classes = 10
/** ConvNet-3-128 with instance norm. */
export const network = convNet({ image, classes })
export const startWeights = (): ConvNetWeights => network.init(foldIn(key, 'start')).weights

/** Normal numbers in the shapes of a tree, times `size`. */
const normalLike = <T extends Tree>(name: string, size: number, tree: T): T => {
  let leaf = 0
  return mapTree(
    (x) =>
      tensor(
        normal(foldIn(foldIn(key, name), leaf++), x.size).map((value) => value * size),
        x.shape,
      ),
    tree,
  )
}

/** The same numbers in tensors of their own. */
export const copyOf = <T extends Tree>(tree: T): T =>
  mapTree((x) => tensor(x.dataSync<'float32'>().slice(), x.shape), tree)

/** Weights in a random direction from others, a hundredth a coordinate. */
export const walked = <T extends Tree>(from: T): T => {
  const step = tensorLeaves(normalLike('walk', 0.01, from))
  let leaf = 0
  return mapTree((x) => {
    const by = step[leaf++]!.dataSync<'float32'>()
    return tensor(
      x.dataSync<'float32'>().map((value, i) => value + by[i]!),
      x.shape,
    )
  }, from)
}

/** Two snapshots in memory: `start`, and where an expert walked from there. */
export const expertsOf = (start: Tree, target: Tree): Experts => ({
  count: 1,
  epochs: 1,
  read: (_, epoch) => Promise.resolve(copyOf(epoch === 0 ? start : target)),
})

const noise = (name: string, count: number) =>
  tensor(normal(foldIn(key, name), count * 32 * 32 * 3), [count, ...image]) as Tensor4D

/** Normal images of all classes in equal parts, class-major. The last class is cut short where `count` is no multiple. */
export function batchOf(count: number): Batch {
  const labels = classMajorLabels('bench', classes, Math.ceil(count / classes)).subarray(0, count)
  const targets = new Float32Array(count * classes)
  labels.forEach((label, row) => (targets[row * classes + label] = 1))
  return { images: noise('images', count), targets: tensor(targets, [count, classes]) as Tensor2D }
}

/** Real images in memory: normal numbers, `perClass` of every class. */
export function realImages(perClass: number): RealSource {
  const values = noise('real', perClass * classes).dataSync<'float32'>()
  const size = 32 * 32 * 3
  return {
    image,
    classes,
    labels: classMajorLabels('bench', classes, perClass),
    images: (indices) => {
      const rows = new Float32Array(indices.length * size)
      indices.forEach((index, row) => rows.set(values.subarray(index * size, (index + 1) * size), row * size))
      return Promise.resolve(tensor(rows, [indices.length, ...image]) as Tensor4D)
    },
  }
}

/** Weights under PyTorch's names and in its layouts. */
export const shared = (prefix: string, weights: ConvNetWeights): readonly (readonly [string, Tensor])[] =>
  Object.entries(toPyTorch(network, { weights, state: {} })).map(([name, t]) => [`${prefix}.${name}`, t] as const)

/** A factorized set by the names that PyTorch's side reads. */
export const factorizedNumbers = (name: string, { bases, hallucinators }: FactorizedParams) => {
  const { encode, decode, scale, shift } = hallucinators
  return [
    [name, bases],
    ['encode.weight', encode.kernel],
    ['encode.bias', encode.bias],
    ['scale', scale],
    ['shift', shift],
    ['decode.weight', decode.kernel],
    ['decode.bias', decode.bias],
  ] as const
}

/** Writes the numbers that both sides begin with. */
export const share = (folder: string, tensors: Iterable<readonly [string, Tensor]>): Promise<void> =>
  writeFile(join(folder, 'numbers.safetensors'), toSafetensors(new Map(tensors)))

/** `√Σx²` over all of a tree. */
export const norm = (tree: Tree): number =>
  Math.sqrt(
    tensorLeaves(tree).reduce((total, x) => total + x.dataSync<'float32'>().reduce((sum, v) => sum + v * v, 0), 0),
  )

/** The only number of a scalar. */
export function numberOf(tree: Tree): number {
  const [leaf, ...others] = tensorLeaves(tree)
  if (!leaf || leaf.size !== 1 || others.length > 0)
    throw new HabaError('bench', 'one number', `${tensorLeaves(tree).length} tensors`, 'Pass a scalar.')
  return leaf.dataSync()[0]!
}
