import type { Engine, Network, RealSource, RenderedSet } from '@haba/core'
import { expand } from '@haba/distill'
import type { Protocol } from '@haba/eval'
import { readRunSet } from './finished-run.js'
import { measuredParts } from './made-of.js'
import { makeSet } from '../assemble/make-set.js'
import { makeProtocol, openEngine, openParts } from '../assemble/parts.js'
import { readRun } from './read-run.js'

/** A finished set with everything that `evaluateSet` needs besides a key. */
export interface OpenSet {
  readonly set: RenderedSet
  readonly engine: Engine
  /** The run's network. */
  readonly network: Network
  /** The run's protocol, at the learned or chosen learning rate. */
  readonly protocol: Protocol
  readonly test: RealSource
  /** Frees the engine's resources. */
  close(): Promise<void>
}

/** Options of `openSet`. */
export interface OpenSetOptions {
  /** The folder or file of the data. @default that of the run's configuration */
  readonly data?: string
  /** Plugins that the run may load: paths of files, or packages. @default those of the user's configuration */
  readonly allowPlugin?: readonly string[]
  /** Called with messages for the user, such as warnings about the folder. @default process.emitWarning */
  say?(text: string): void
}

/**
 * Opens a set that `haba distill` wrote into a folder, to train on it. Test images get the set's preprocessing and must be those
 * that the set was measured on; classes are matched by name.
 *
 * @throws HabaError if the data differ, or the run names plugins that are not allowed
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
