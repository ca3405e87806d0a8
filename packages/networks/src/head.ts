import { add, foldIn, matMul, relu, reshape, transpose, type Key } from '@haba/core'
import type { Tensor2D, Tensor4D } from '@tensorflow/tfjs-core'
import { linear, type Linear } from './initializers.js'
import type { NamedParameter } from './pytorch.js'

/** Layers after the flattened maps. */
export interface Head<W> {
  init(key: Key): W
  apply(weights: W, x: Tensor2D): { readonly features: Tensor2D; readonly logits: Tensor2D }
  readonly names: readonly NamedParameter[]
}

/** The last layer of every network: `classifier.{kernel, bias}`. */
export type Classifier = { readonly classifier: Linear }
/** Linear layers before the last one: `hidden.i.{kernel, bias}`. */
export type Perceptron = { readonly hidden: readonly Linear[]; readonly classifier: Linear }

/** Flattens maps channels first, as PyTorch does: `[batch, channels · height · width]`. */
export const flatten = (x: Tensor4D): Tensor2D => reshape(transpose(x, [0, 3, 1, 2]), [x.shape[0], x.size / x.shape[0]])

const dense = (x: Tensor2D, { kernel, bias }: Linear): Tensor2D => add(matMul(x, kernel), bias)

const linearNames = (path: string, pytorch: string): NamedParameter[] => [
  { path: `${path}.kernel`, pytorch: `${pytorch}.weight` },
  { path: `${path}.bias`, pytorch: `${pytorch}.bias` },
]

/** One linear layer. @param pytorch its name in PyTorch */
export const classifierHead = (inside: number, classes: number, pytorch = 'classifier'): Head<Classifier> => ({
  init: (key) => ({ classifier: linear(foldIn(key, 'classifier'), inside, classes) }),
  apply: ({ classifier }, x) => ({ features: x, logits: dense(x, classifier) }),
  names: linearNames('classifier', pytorch),
})

/** Linear layers of the given widths with ReLU between them (`fc_1`, `fc_2`, …). `features` are the input of the last one. */
export function perceptronHead(inside: number, widths: readonly number[], classes: number): Head<Perceptron> {
  const last = classifierHead(widths.at(-1)!, classes, `fc_${widths.length + 1}`)
  return {
    init: (key) => ({
      hidden: widths.map((width, i) =>
        linear(foldIn(foldIn(key, 'hidden'), i), i === 0 ? inside : widths[i - 1]!, width),
      ),
      ...last.init(key),
    }),
    apply: ({ hidden, classifier }, x) =>
      last.apply(
        { classifier },
        hidden.reduce((h, layer) => relu(dense(h, layer)), x),
      ),
    names: [...widths.flatMap((_, i) => linearNames(`hidden.${i}`, `fc_${i + 1}`)), ...last.names],
  }
}
