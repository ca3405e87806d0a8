import type { Tensor1D } from '@tensorflow/tfjs-core'
import type { Batch, ImageShape } from './batch.js'
import type { Key } from './random.js'
import type { Tree } from './tree.js'

/** The layout of a synthetic set: `slots` stored items with fixed classes, each with `views` renderings. */
export interface Layout {
  readonly image: ImageShape
  readonly classes: number
  readonly slots: number
  /** 1 for plain pixels; the number of hallucinators for HaBa. */
  readonly views: number
  /** The class of every slot, `[slots]`. */
  readonly labels: Int32Array
}

/**
 * Slots, each with its view. Drawn outside of compiled functions, so it can be replayed. (A type, because an interface is not
 * an `Args`.)
 */
export type Rows = {
  /** `[rows]`, int32, `0 … slots-1`. */
  readonly slots: Tensor1D
  /** `[rows]`, int32, `0 … views-1`. */
  readonly views: Tensor1D
}

/** The interface of a synthetic set for objectives, games and evaluators. */
export interface Synthetic {
  readonly layout: Layout
  render(rows: Rows): Batch
}

/** A set with every view rendered once, for evaluators and pictures. */
export interface RenderedSet {
  readonly layout: Layout
  /** `[views, slots, height, width, channels]`, row-major, in the preprocessed space. */
  readonly images: Float32Array
  /** `[slots, classes]`, row-major. */
  readonly targets: Float32Array
}

/**
 * Exact storage of a finished set by part: images or bases, decoder, labels, learned numbers such as a step size, and what a
 * codec adds (scales, groups, headers; its entropy tables adapt while reading and take no space). Preprocessing, such as a
 * whitening matrix, counts as data, because every set and every real image needs it.
 */
export interface StorageReport {
  /** The storage of each part; `floats` counts stored values, whatever their width. */
  readonly parts: readonly { readonly name: string; readonly floats: number; readonly bytes: number }[]
  /** Stored values, whatever their width. */
  readonly floats: number
  /** The bits of all tensors in the set's file. */
  readonly bits: number
  /** `bits / 8`, rounded up. */
  readonly bytes: number
}

/** How a set is fitted to real images before distillation. */
export interface Fit {
  /** Steps of Adam, at least 1. */
  readonly steps: number
  /** Adam's learning rate, above 0. */
  readonly learningRate: number
}

/**
 * What a set stores, and how it becomes pixels. Float32 leaves of the parameters are learned. Int32 leaves are fixed: they
 * are saved, have no gradient, and no optimizer changes them (FreD's masks).
 */
export interface Parameterization<P extends Tree> {
  readonly name: string
  readonly layout: Layout
  /**
   * `seed(perClass)` gives `perClass` real images of every class, class-major, to start from.
   *
   * @param available real images of the smallest class, the most that `seed` can return @default unknown
   */
  init(key: Key, seed: (perClass: number) => Promise<Batch>, available?: number): Promise<P>
  /**
   * Before distillation, Adam minimizes the mean squared error between every rendered slot and a real image of its class.
   * Absent if the set starts as `init` makes it.
   */
  readonly fit?: Fit
  /** Zeros in the shapes of the parameters, for budgets and for reading files. Absent if `init` is cheap. */
  zeros?(): P
  /**
   * Int32 parts whose rows are ascending distinct integers `0 … below-1`, by their dotted paths. Files store them packed, and
   * `storage` counts their packed size.
   */
  readonly indexSets?: Readonly<Record<string, { readonly below: number }>>
  /** Pure and differentiable in `params`. */
  render(params: P, rows: Rows): Batch
  /** What it stores. @default counted from the tensors and labels (`storageOf`); say it where a file holds something else */
  storage?(params: P): StorageReport
}
