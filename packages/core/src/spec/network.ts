import type { Tensor2D, Tensor4D } from '@tensorflow/tfjs-core'
import type { Key } from './random.js'
import type { None, Tree } from './tree.js'

/** `train` uses batch statistics and updates the running ones; `evaluate` uses the running ones. */
export interface Mode<S extends Tree = None> {
  readonly kind: 'train' | 'evaluate'
  readonly state: S
}

/** The outputs of a network for a batch. */
export interface NetworkOutput<S extends Tree = None> {
  /** `[batch, features]`: the input of the classifier. */
  readonly features: Tensor2D
  /** `[batch, classes]` */
  readonly logits: Tensor2D
  /** Feature maps from shallow to deep, for objectives that match layers. */
  readonly maps?: readonly Tensor4D[]
  readonly state: S
}

/** A pure function of its weights. `S` holds running statistics; it is `None` without batch normalization. */
export interface Network<W extends Tree = Tree, S extends Tree = Tree> {
  readonly name: string
  init(key: Key): { readonly weights: W; readonly state: S }
  apply(weights: W, images: Tensor4D, mode: Mode<S>): NetworkOutput<S>
}
