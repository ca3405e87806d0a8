/** Something chosen by name, with its options: `{ "use": "mnist" }`. */
export interface Named {
  readonly use: string
  readonly [option: string]: unknown
}

/** SGD of one part. */
interface SgdSettings {
  readonly rate: number
  readonly momentum: number
  /** The part never falls below it. */
  readonly atLeast?: number
}

/** An optimiser for each part of a tree, by name. */
export type Optimizers = Readonly<Record<string, SgdSettings>>

/** A game, with a critic of its own where it names one. */
export type GameSettings = Named & { readonly network?: Named }

/** How sets are measured. */
export interface EvaluateSettings {
  readonly protocol: 'dc' | 'dsa' | 'mtt' | 'haba'
  readonly networks: number
  readonly batch: number
  readonly epochs?: number
  readonly rate: number | 'learned'
  readonly augmentation?: Named
}

/** What a set is compared with. */
interface CompareSettings {
  readonly random: boolean
  readonly pixels?: {
    readonly optimizer: Optimizers
    readonly objectiveOptimizer?: Optimizers
    readonly steps?: number
  }
  readonly fullData?: { readonly epochs?: number; readonly networks: number }
}

/** Recorded trainings, for objectives that need them. */
export interface ExpertsSettings {
  readonly folder: string
  readonly count: number
  readonly epochs: number
  readonly rate: number
  readonly batch: number
  readonly transform: 'none' | 'batch-standardisation'
  readonly augmentation?: Named
}

/** A complete configuration: valid, with every default in place; paths are absolute. */
export interface Config {
  readonly name: string
  readonly seed: number
  readonly engine: Named
  readonly plugins: readonly string[]
  readonly data: Named
  readonly network: Named
  readonly augmentation: Named
  readonly set: Named
  readonly objective: Named
  readonly games: readonly GameSettings[]
  readonly optimizer: Optimizers
  readonly objectiveOptimizer?: Optimizers
  readonly differentiation: 'recomputed' | 'stored'
  readonly steps: number
  readonly checkpointEvery: number
  readonly evaluate: EvaluateSettings
  readonly compare: CompareSettings
  readonly experts?: ExpertsSettings
}
