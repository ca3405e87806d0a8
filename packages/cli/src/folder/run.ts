import type { AnyParameterization } from '@haba/core'
import type { Parts } from '../assemble/parts.js'
import type { ReadConfig } from '../config/read-config.js'
import type { Progress } from '../tell/progress.js'
import { distilledHash } from './made-of.js'
import type { SavedPreprocessing } from './preprocessing-file.js'

export interface RunOptions {
  readonly folder: string
  readonly read: ReadConfig
  readonly progress: Progress
  readonly signal: AbortSignal
  /**
   * Copies state that was distilled elsewhere into the folder, before the run starts.
   *
   * @param madeOf hash of everything that distillation starts from
   */
  begin?(madeOf: string): Promise<void>
  /** Measures only the set. @default also everything that the configuration compares it with */
  readonly only?: 'set'
}

/** What the stages of a run share. */
export interface Run extends RunOptions {
  readonly parts: Parts
  readonly parameterization: AnyParameterization
  /** Whether the set is compared with distilled pixels: every class must have enough real images to start from. */
  readonly pixels: boolean
  readonly preprocessing: SavedPreprocessing
  /** How to resume after an interruption. */
  readonly todo: string
}

/** The options of `distillInto` that come from a run. */
export const intoOf = ({ parts, read, progress, signal, todo }: Run) => ({
  madeOf: distilledHash(parts.made),
  checkpointEvery: read.config.checkpointEvery,
  ...(read.config.diverged && { diverged: read.config.diverged }),
  ...(read.config.memory !== undefined && { memory: read.config.memory }),
  progress,
  signal,
  todo,
})
