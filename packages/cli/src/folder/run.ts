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
   * Puts into the folder what was distilled elsewhere, before the run begins.
   *
   * @param madeOf hash of all that distillation begins with
   */
  begin?(madeOf: string): Promise<void>
  /** Measures nothing beside the set. @default everything that the configuration compares it with */
  readonly only?: 'set'
}

/** What the steps of one run share. */
export interface Run extends RunOptions {
  readonly parts: Parts
  readonly parameterization: AnyParameterization
  /** Whether the set is compared with distilled pixels, of which there are as many as real images to start from. */
  readonly pixels: boolean
  readonly preprocessing: SavedPreprocessing
  /** How to go on after an interruption. */
  readonly todo: string
}

/** What distilling into a folder takes from a run. */
export const intoOf = ({ parts, read, progress, signal, todo }: Run) => ({
  madeOf: distilledHash(parts.made),
  checkpointEvery: read.config.checkpointEvery,
  ...(read.config.diverged && { diverged: read.config.diverged }),
  ...(read.config.memory !== undefined && { memory: read.config.memory }),
  progress,
  signal,
  todo,
})
