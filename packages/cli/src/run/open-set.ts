import type { Engine, Network, RealSource, RenderedSet } from '@haba/core'
import { expand } from '@haba/distill'
import type { Protocol } from '@haba/eval'
import { readConfig } from '../config/read-config.js'
import { readRunSet } from './finished-run.js'
import { makeProtocol, makeSet, openEngine, openParts } from './parts.js'
import { configOf } from './run-folder.js'

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

/** Opens the set that `haba distill` wrote into a folder, to train on it. */
export async function openSet(folder: string): Promise<OpenSet> {
  const read = await readConfig(configOf(folder))
  const { engine, close } = await openEngine(read, () => {})
  try {
    const parts = await openParts(read, engine, () => {})
    const { evaluate } = read.config
    const parameterization = await makeSet(read, parts.data)
    const { params, about } = await readRunSet(folder, parameterization)
    const rate = evaluate.protocol === 'ours' ? (about.protocol.rate as number) : evaluate.rate
    return {
      set: await expand(engine, parameterization, params),
      engine,
      network: parts.network,
      protocol: await makeProtocol(parts, { ...evaluate, rate }, about.learned.rate),
      test: parts.data.test,
      close,
    }
  } catch (error) {
    await close()
    throw error
  }
}
