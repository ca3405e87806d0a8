/** Accuracies of networks of one kind after training on one set. */
export interface CrossAccuracy {
  /** Their training data: a distilled set, or a baseline. */
  readonly method: string
  readonly network: string
  /** Name, version and hash; only accuracies of the same protocol are shown together. */
  readonly protocol: string
  /** Over networks, `0 … 1`. */
  readonly mean: number
  readonly std: number
  /** Half of the 95 % interval of the mean, for at least two networks. */
  readonly halfInterval?: number
  readonly networks: number
}

/** A network of an architecture search. */
export interface RankedNetwork {
  readonly name: string
  /** Test accuracy of training on the distilled set, `0 … 1`. */
  readonly proxy: number
  /** Test accuracy of training on all data, `0 … 1`. */
  readonly truth: number
}

/** Result of an architecture search on a set. */
export interface SearchResult {
  /** At least two. */
  readonly networks: readonly RankedNetwork[]
  /** Spearman's rank correlations among the best `top` by all data, and by the set; undefined if all ranks are equal. */
  readonly correlations: readonly {
    readonly top: number
    readonly byTruth: number | undefined
    readonly byProxy: number | undefined
  }[]
  /** The choice, the time saved, and the protocol. */
  readonly summary: string
}

/** Accuracy on all classes seen so far, with one kind of memory. */
export interface ContinualCurve {
  readonly memory: string
  /** Floats stored at the end. */
  readonly floats: number
  /** Accuracies are `0 … 1`. */
  readonly points: readonly { readonly classes: number; readonly mean: number; readonly std: number }[]
}

/** Classes that arrive in steps. */
export interface ContinualResult {
  readonly steps: number
  readonly curves: readonly ContinualCurve[]
  /** How it was measured, with the protocol. */
  readonly summary: string
}

/** Downstream tasks of a finished set; each is shown if present. */
export interface Uses {
  readonly cross?: readonly CrossAccuracy[]
  readonly continual?: readonly ContinualResult[]
  readonly search?: SearchResult
}
