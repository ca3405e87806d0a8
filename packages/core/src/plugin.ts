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

/** What everything is made for. */
export interface ImageContext {
  readonly image: ImageShape
  readonly classes: number
}

/** What sets are made with. */
export interface SetContext extends ImageContext {
  /** The set that this one is made of, where the configuration names one as `of`. */
  readonly of?: AnyParameterization
}

/** What objectives and games are made with. */
export interface ObjectiveContext extends ImageContext {
  readonly network: Network
  readonly augmentation?: Augmentation
  /** How networks are trained on real images, for objectives that do so (IDC). */
  readonly training?: { readonly augmentation?: Augmentation; readonly mixing?: Mixing }
}

/** What datasets are read with. */
export interface DatasetContext {
  /** For heavy linear algebra, such as whitening. */
  readonly engine: Engine
  /**
   * Instead of what the options say or fit: that of a set which is used on this data.
   *
   * @default what the options say
   */
  readonly preprocessing?: Preprocessing
  readonly onProgress?: (text: string) => void
  /** Told of every image that cannot be used: where it is, and what is wrong. */
  readonly onFault?: (text: string) => void
}

// Methods of an interface take what their callers know less of, so every objective is one of these, without a cast.
/** An objective, whatever it draws and learns. */
export type AnyObjective = SumObjective | RecurrenceObjective
/** A parameterization, whatever it stores. */
export type AnyParameterization = Parameterization<Tree>
/** A game, whatever its moves and critic. */
export type AnyGame = Game

/**
 * What a package adds to configuration files: it exports `plugin` at `./plugin`. Strings live here only; in code, pass
 * the functions themselves.
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
