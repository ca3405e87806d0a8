import type { Engine, Network, RealSource, RenderedSet } from '@haba/core'
import { expand } from '@haba/distill'
import type { Protocol } from '@haba/eval'
import { readRunSet } from './finished-run.js'
import { measuredParts } from './made-of.js'
import { makeSet } from '../assemble/make-set.js'
import { makeProtocol, openEngine, openParts } from '../assemble/parts.js'
import { readRun } from './read-run.js'

/** A finished set, and all that `evaluateSet` needs besides a key. */
export interface OpenSet {
  readonly set: RenderedSet
  readonly engine: Engine
  /** The run's. */
  readonly network: Network
  /** The run's, at the rate that was learned or chosen. */
  readonly protocol: Protocol
  readonly test: RealSource
  /** Frees what the engine holds. */
  close(): Promise<void>
}

/** How a set is opened. */
export interface OpenSetOptions {
  /** Where the data are, instead of where the run's configuration says. */
  readonly data?: string
  /** Plugins that the run may load: paths of files, or packages. @default those of the user's own configuration */
  readonly allowPlugin?: readonly string[]
  /** Told what somebody who opens the folder must know. @default process.emitWarning */
  say?(text: string): void
}

/**
 * Opens the set that `haba distill` wrote into a folder, to train on it. Its test images are preprocessed as its own images
 * were, and must be those that it was measured on; its classes are matched by name.
 *
 * @throws HabaError where the data are others, or where the run names plugins that are not allowed
 */
export async function openSet(folder: string, options: OpenSetOptions = {}): Promise<OpenSet> {
  const { say = (text: string) => process.emitWarning(text, 'HabaWarning'), ...instead } = options
  const read = await readRun(folder, { ...instead, say })
  const { engine, close } = await openEngine(read, say)
  try {
    const parts = await openParts(read, engine, () => {}, measuredParts)
    const { evaluate } = read.config
    const parameterization = await makeSet(read, parts.data)
    const { params, about } = await readRunSet(folder, parameterization)
    const rate = evaluate.protocol === 'ours' ? (about.protocol.rate as number) : evaluate.learningRate
    return {
      set: await expand(engine, parameterization, params),
      engine,
      network: parts.network,
      protocol: await makeProtocol(parts, { ...evaluate, learningRate: rate }, about.learned.rate),
      test: parts.data.test,
      close,
    }
  } catch (error) {
    await close()
    throw error
  }
}
