import type { Tensor1D } from '@tensorflow/tfjs-core'
import type { Batch, ImageShape } from './batch.js'
import type { Key } from './random.js'
import type { Tree } from './tree.js'

/** A synthetic set as seen from outside: `slots` stored items of fixed classes, each renderable in `views` ways. */
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
 * Which slots, each under a view of its own. Drawn outside of the mathematics, so it can be replayed. (A type, not an
 * interface: it is an `Args`.)
 */
export type Rows = {
  /** `[rows]`, int32, `0 … slots-1`. */
  readonly slots: Tensor1D
  /** `[rows]`, int32, `0 … views-1`. */
  readonly views: Tensor1D
}

/** All that an objective, a game or an evaluator sees of a synthetic set. */
export interface Synthetic {
  readonly layout: Layout
  render(rows: Rows): Batch
}

/** A set rendered once under every view, for evaluators and pictures. */
export interface RenderedSet {
  readonly layout: Layout
  /** `[views, slots, height, width, channels]`, row-major, in the preprocessed space. */
  readonly images: Float32Array
  /** `[slots, classes]`, row-major. */
  readonly targets: Float32Array
}

/**
 * Exact storage of a finished set, part by part: images or bases, decoder, labels, learned numbers such as a step size, and what a
 * codec adds (scales, groups, headers; its entropy tables are learned while reading and take nothing). What brings pixels to
 * what networks see, such as a whitening matrix, belongs to the data: every set and every real image needs the same.
 */
export interface StorageReport {
  /** What each takes; `floats` counts stored values, of however few bits. */
  readonly parts: readonly { readonly name: string; readonly floats: number; readonly bytes: number }[]
  /** Stored values, of however few bits. */
  readonly floats: number
  /** That the tensors of the set's file hold. `storageReport` adds them up. */
  readonly bits: number
  /** `bits / 8`, rounded up. */
  readonly bytes: number
}

/** How a set is brought near real images before it is distilled. */
export interface Fit {
  /** Of Adam, at least 1. */
  readonly steps: number
  /** Adam's step size, above 0. */
  readonly learningRate: number
}

/**
 * What is stored, and how it becomes pixels. Float32 leaves of the parameters are learned. Int32 leaves are fixed: they
 * are saved with the rest, have no gradient, and no optimizer moves them (FreD's masks).
 */
export interface Parameterization<P extends Tree> {
  readonly name: string
  readonly layout: Layout
  /**
   * `seed(perClass)` gives `perClass` real images of every class, class-major, to start from.
   *
   * @param available real images of the smallest class: `seed` has no more @default unknown
   */
  init(key: Key, seed: (perClass: number) => Promise<Batch>, available?: number): Promise<P>
  /**
   * Before distilling, the mean squared error between every slot under every view and a real image of its class is lowered
   * by Adam. Absent where `init` is where a set starts.
   */
  readonly fit?: Fit
  /** Zeros in the shapes of the parameters, for budgets and for reading files. Absent where `init` costs little. */
  zeros?(): P
  /**
   * Int32 parts whose rows are ascending distinct integers of `0 … below-1`, by their dotted paths: a file holds them
   * packed, and so they are counted.
   */
  readonly indexSets?: Readonly<Record<string, { readonly below: number }>>
  /** Pure and differentiable in `params`. */
  render(params: P, rows: Rows): Batch
  /** What it stores. @default counted from the tensors and labels (`storageOf`); say it where a file holds something else */
  storage?(params: P): StorageReport
}
