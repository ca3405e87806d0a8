import type { Static, TSchema } from '@haba/core/options'
import type { configSchema } from './schema.js'
import type { evaluateSchema, expertsSchema, Named } from './section-schemas.js'

export type { Named }

type ReadonlyDeep<T> = T extends object ? { readonly [K in keyof T]: ReadonlyDeep<T[K]> } : T

/** What a section says: valid, with every default in place. */
type Settings<Schema extends TSchema> = ReadonlyDeep<Static<Schema>>

/** Recorded trainings, for objectives that need them. */
export type ExpertsSettings = Settings<typeof expertsSchema> & { readonly folder: string }

/** A complete configuration: valid, with every default in place; paths are absolute, names are looked up. */
export type Config = Omit<Settings<typeof configSchema>, 'experts'> & { readonly experts?: ExpertsSettings }

/** A set, made of another and with labels of its own where it says so. */
export type SetSettings = Config['set']

/** Soft labels of a set. */
export type TargetSettings = NonNullable<SetSettings['targets']>

/** A game, with a critic of its own where it names one. */
export type GameSettings = Config['games'][number]

/** An optimizer for each part of a tree, by name. */
export type Optimizers = Config['optimizer']

/** How sets are measured. */
export type EvaluateSettings = Settings<typeof evaluateSchema>

/** The training that images are chosen by. */
export type SelectionSettings = Config['compare']['selection']

/** How the finished set is stored in few bits. */
export type CodecSettings = NonNullable<Config['codec']>
