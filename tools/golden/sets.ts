import { namedLeaves, pixels, withTensors, type Parameterization, type Tree } from '@haba/core'
import { factorized } from '@haba/hallucinator'
import type { Tensor } from '@tensorflow/tfjs-core'
import { concatenated, imageShapeOf, imagesOf, permuted, planesOf, reshaped, rowsAt } from './layouts.js'

/** A synthetic set with the numbers of a file. */
export interface GoldenSet {
  readonly parameterization: Parameterization<Tree>
  readonly params: Tree
  /** Where the file's images are among the slots. */
  slots(indices: readonly number[]): Int32Array
  /** Parameters, or a gradient in them, by the file's names and in its layout. */
  named(params: Tree): Readonly<Record<string, Tensor>>
}

/** Plain pixels. Slots are class-major, the file's images in any order; a class without images has a slot nobody asks for. */
export function pixelSet(name: string, planes: Tensor, labels: readonly number[], classes: number): GoldenSet {
  const members = Array.from({ length: classes }, (_, label) => [...labels.keys()].filter((i) => labels[i] === label))
  const order = members.flatMap((indices) => (indices.length > 0 ? indices : [0]))
  const absent = members.flatMap((indices) => (indices.length > 0 ? indices.map(() => false) : [true]))
  const perClass = members.map(({ length }) => Math.max(length, 1))
  const slotOf = labels.map((_, index) => order.findIndex((i, slot) => i === index && !absent[slot]))
  return {
    parameterization: pixels({ image: imageShapeOf(planes), classes, perClass }) as Parameterization<Tree>,
    params: { images: rowsAt(imagesOf(planes), order) },
    slots: (indices) => Int32Array.from(indices, (index) => slotOf[index]!),
    named: (params) => ({ [name]: planesOf(rowsAt((params as { readonly images: Tensor }).images, slotOf)) }),
  }
}

/** A hallucinator's parameters: the file's name and order of axes, ours, and the way back. */
const PARTS = [
  { file: 'scale', path: 'scale', ours: [0, 2, 3, 1], theirs: [0, 3, 1, 2] },
  { file: 'shift', path: 'shift', ours: [0, 2, 3, 1], theirs: [0, 3, 1, 2] },
  { file: 'enc.weight', path: 'encode.kernel', ours: [2, 3, 1, 0], theirs: [3, 2, 0, 1] }, // OIHW, [h, w, in, out]
  { file: 'enc.bias', path: 'encode.bias', ours: [0], theirs: [0] },
  { file: 'dec.weight', path: 'decode.kernel', ours: [2, 3, 1, 0], theirs: [3, 2, 0, 1] }, // IOHW, [h, w, out, in]
  { file: 'dec.bias', path: 'decode.bias', ours: [0], theirs: [0] },
] as const

export const HALLUCINATOR_PARTS: readonly string[] = PARTS.map(({ file }) => file)

/**
 * HaBa's set with shared hallucinators.
 *
 * @param bases `[classes, perClass, channels, height, width]`
 * @param read one parameter of hallucinator j, by the file's name
 */
export async function factorizedSet(
  bases: Tensor,
  hallucinators: number,
  read: (j: number, name: string) => Tensor,
): Promise<GoldenSet> {
  const [classes, basesPerClass] = bases.shape as [number, number]
  const basis = imageShapeOf(bases)
  const [hidden, , kernel] = read(0, 'enc.weight').shape as [number, number, number]
  const image = [basis[0], basis[1], read(0, 'dec.weight').shape[1]!] as const
  const flat = reshaped(bases, [classes * basesPerClass, ...bases.shape.slice(2)])
  const parameterization = factorized({
    image,
    classes,
    basesPerClass,
    hallucinators,
    basis,
    kernel,
    hidden,
    start: () => Promise.resolve(imagesOf(flat)),
  })
  const start = await parameterization.init({ hi: 0, lo: 0 }, () => Promise.reject(new Error('bases are stored')))
  const params = replaced(start, (path, like) => {
    const part = PARTS.find((known) => `hallucinators.${known.path}` === path)
    if (!part) return like
    const each = Array.from({ length: hallucinators }, (_, j) => permuted(read(j, part.file), part.ours))
    return concatenated(each, like.shape)
  })
  return {
    parameterization: parameterization as Parameterization<Tree>,
    params,
    slots: (indices) => Int32Array.from(indices),
    named: (tree) => namedParts(tree, bases.shape, hallucinators),
  }
}

function replaced(tree: Tree, replace: (path: string, leaf: Tensor) => Tensor): Tree {
  return withTensors(
    tree,
    [...namedLeaves(tree)].map(([path, leaf]) => replace(path, leaf)),
  )
}

function namedParts(tree: Tree, basesShape: readonly number[], hallucinators: number) {
  const leaves = namedLeaves(tree)
  const parts = PARTS.flatMap(({ file, path, ours, theirs }) => {
    const stacked = leaves.get(`hallucinators.${path}`)!
    const single = ours.length === stacked.rank ? [1, ...stacked.shape.slice(1)] : stacked.shape.slice(1)
    return Array.from({ length: hallucinators }, (_, j) => [
      `hallucinator.${j}.${file}`,
      permuted(reshaped(rowsAt(stacked, [j]), single), theirs),
    ])
  })
  return {
    bases: reshaped(planesOf(leaves.get('bases')!), basesShape),
    ...(Object.fromEntries(parts) as Record<string, Tensor>),
  }
}
