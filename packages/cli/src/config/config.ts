import type { PartOptions } from '@haba/codec'
import type { SelectionName } from '../plugins/selections.js'
import type { protocolNames } from './schema.js'

/** Something chosen by name, with its options: `{ "use": "mnist" }`. */
export interface Named {
  readonly use: string
  readonly [option: string]: unknown
}

/** How one part moves. */
interface OptimizerSettings {
  readonly use: 'sgd' | 'adam'
  readonly learningRate: number
  /** Of SGD. */
  readonly momentum: number
  /** Of Adam. */
  readonly betas?: readonly [number, number]
  readonly decay?: { readonly every: number; readonly factor: number }
  readonly project?: 'probabilities' | 'pixels'
  /** Steps from one clamp of pixels to the next. */
  readonly projectEvery?: number
  /** The part never falls below it. */
  readonly clampBelow?: number
  /** Weight of a loss that keeps the part between -1 and 1. */
  readonly boundary?: number
}

/** An optimizer for each part of a tree, by name. */
export type Optimizers = Readonly<Record<string, OptimizerSettings>>

/** A game, with a critic of its own where it names one. */
export type GameSettings = Named & { readonly network?: Named }

/** Soft labels of a set. */
export interface TargetSettings {
  readonly start: 'hard' | 'uniform' | 'expert'
  readonly assigned: 'once' | 'at-the-end'
  readonly stored: 'probabilities' | 'logits'
  readonly expert: number
  readonly epoch?: number
}

/** A set, made of another and with labels of its own where it says so. */
export type SetSettings = Named & { readonly of?: Named; readonly targets?: TargetSettings }

/** How sets are measured. */
export interface EvaluateSettings {
  readonly protocol: (typeof protocolNames)[number]
  readonly networks: number
  readonly batch?: number
  readonly epochs?: number
  readonly learningRate: number | 'learned'
  readonly augmentation?: Named
  readonly mixing?: Named
  /** Of `ours`: the part held out, and the rates to choose from. */
  readonly validation: number
  readonly learningRates: readonly number[]
  readonly trialNetworks: number
}

/** The training that images are chosen by. */
export interface SelectionSettings {
  readonly epochs: number
  readonly learningRate: number
}

/** What a set is compared with. */
interface CompareSettings extends Readonly<Record<SelectionName, boolean>> {
  /** Further networks that every row is measured with. */
  readonly networks: readonly Named[]
  readonly random: boolean
  /** Of JPEG, for real images; none: as uint8 only. */
  readonly qualities: readonly number[]
  readonly selection: SelectionSettings
  /** The set before it is distilled, stored alike. */
  readonly start: boolean
  readonly pixels?: {
    readonly optimizer: Optimizers
    /** Images a class, where coefficients are rounded until they fit. */
    readonly perClass?: number
    readonly objectiveOptimizer?: Optimizers
    readonly clipNorm?: number
    readonly steps?: number
  }
  readonly fullData?: { readonly epochs?: number; readonly networks: number }
}

/** How objectives that train networks on real images do so. */
interface TrainingSettings {
  readonly augmentation?: Named
  readonly mixing?: Named
}

/** Recorded trainings, for objectives that need them. */
export interface ExpertsSettings {
  readonly folder: string
  readonly count: number
  readonly epochs: number
  readonly learningRate: number
  readonly batch: number
  readonly transform: 'none' | 'batch-standardization'
  readonly augmentation?: Named
}

/** How the finished set is stored in few bits. */
export interface CodecSettings extends PartOptions {
  readonly bits: number
  readonly patch: number
  readonly groups: number
  readonly transform: 'none' | 'dct'
  readonly block: number
  readonly step: number
  /** Of the whole set; absent: no limit. */
  readonly bytes?: number
  readonly parts: Readonly<Record<string, PartOptions>>
  /** Steps by which levels are refined; 0: none. */
  readonly refine: number
  /** The part of the run, at its end, in which the set is distilled as it looks rounded; 0: none. */
  readonly during: number
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
  readonly set: SetSettings
  readonly objective: Named
  readonly training?: TrainingSettings
  readonly games: readonly GameSettings[]
  readonly optimizer: Optimizers
  readonly objectiveOptimizer?: Optimizers
  /** Largest norm of the set's gradient. */
  readonly clipNorm?: number
  readonly differentiation: 'recompute' | 'store' | 'tesla' | 'tesla-released'
  /** Chooses the differentiation by an estimate. */
  readonly memory?: 'least' | 'fastest' | number
  readonly steps: number
  readonly checkpointEvery: number
  /** What is done after a step that is not finite. Absent: the run stops. */
  readonly diverged?: { readonly lowerRates: number; readonly times: number }
  readonly evaluate: EvaluateSettings
  readonly compare: CompareSettings
  readonly experts?: ExpertsSettings
  /** Absent: 32-bit numbers. */
  readonly codec?: CodecSettings
}
