import type { Augmentation, Mixing } from './spec/augmentation.js'
import type { ImageShape } from './spec/batch.js'
import type { Dataset, Preprocessing } from './spec/dataset.js'
import type { Engine } from './spec/engine.js'
import type { Game } from './spec/game.js'
import type { Network } from './spec/network.js'
import type { RecurrenceObjective, SumObjective } from './spec/objective.js'
import type { Parameterization } from './spec/synthetic.js'
import type { Tree } from './spec/tree.js'

/**
 * The options of an entry as a JSON Schema of type object, for validation, defaults and help. Schemas of `@haba/core/options` have
 * known types.
 */
export interface OptionsSchema {
  readonly type: 'object'
  /** A JSON Schema for each option. */
  readonly properties: Readonly<Record<string, object>>
  /** Options that must be there once defaults are in place. @default none */
  readonly required?: readonly string[]
}

/** Options whose types are not known. */
export type AnyOptions = Readonly<Record<string, unknown>>

/** A component that a configuration file can name. */
export interface PluginEntry<Context, Made, Options = AnyOptions> {
  /** What tables call that which it makes, such as a paper's name for it. @default its name in the plugin's table */
  readonly title?: string
  /** One sentence for `--help`. */
  readonly summary: string
  readonly options: OptionsSchema
  /** `options` are valid and complete; paths in them (properties of format "path") are absolute. */
  make(options: Options, context: Context): Made | Promise<Made>
}

/** Entries by the names that configuration files use. */
export type PluginTable<Context, Made> = Readonly<Record<string, PluginEntry<Context, Made>>>

/** A dataset that a configuration file can name. */
export interface DatasetEntry<Options = AnyOptions> extends PluginEntry<DatasetContext, Dataset, Options> {
  /** What it will hold, told without reading it: for budgets before any run. Absent where only reading tells. */
  shape?(options: Options): ImageContext | Promise<ImageContext>
}

/** The images that components are made for. */
export interface ImageContext {
  readonly image: ImageShape
  readonly classes: number
}

/** What factories of sets receive. */
export interface SetContext extends ImageContext {
  /** The inner set, if the configuration names one as `of`. */
  readonly of?: AnyParameterization
}

/** What factories of objectives and games receive. */
export interface ObjectiveContext extends ImageContext {
  readonly network: Network
  readonly augmentation?: Augmentation
  /** How networks are trained on real images, for objectives that train some (IDC). */
  readonly training?: { readonly augmentation?: Augmentation; readonly mixing?: Mixing }
}

/** What factories of datasets receive. */
export interface DatasetContext {
  /** For heavy linear algebra, such as whitening. */
  readonly engine: Engine
  /**
   * Replaces the preprocessing of the options: that of a set which is used on this data.
   *
   * @default that of the options
   */
  readonly preprocessing?: Preprocessing
  readonly onProgress?: (text: string) => void
  /** Called for every image that cannot be used, with its location and what is wrong. */
  readonly onFault?: (text: string) => void
}

// TypeScript compares parameters of methods bivariantly, so every objective is assignable without a cast.
/** Any objective. */
export type AnyObjective = SumObjective | RecurrenceObjective
/** Any parameterization. */
export type AnyParameterization = Parameterization<Tree>
/** Any game. */
export type AnyGame = Game

/**
 * The components that a package adds to configuration files; it exports `plugin` at `./plugin`. Names are for configurations
 * only: in code, pass the functions themselves.
 */
export interface Plugin {
  readonly objectives?: PluginTable<ObjectiveContext, AnyObjective>
  readonly parameterizations?: PluginTable<SetContext, AnyParameterization>
  readonly games?: PluginTable<ObjectiveContext, AnyGame>
  readonly networks?: PluginTable<ImageContext, Network>
  readonly augmentations?: PluginTable<ImageContext, Augmentation>
  readonly mixings?: PluginTable<ImageContext, Mixing>
  readonly datasets?: Readonly<Record<string, DatasetEntry>>
}
