import type { Tensor } from '@tensorflow/tfjs-core'
import { HabaError, tracedEngine, type Engine, type Program } from '@haba/core'
import type { InferenceSession } from 'onnxruntime-node'
import { availableParallelism } from 'node:os'
import { readLeaves } from './run/leaves.js'
import { providers, type Provider } from './provider.js'
import { replayer, type Replayer } from './run/replay.js'
import { compiling, emptyCounters, type OnnxStats } from './run/stats.js'

/** Options of `onnxEngine`. */
export interface OnnxEngineOptions {
  /** Where operators run; `onnxStatus` tells whether that works here. @default 'cpu' */
  readonly provider?: Provider
  /** Threads inside one operator; programs of less than a millisecond use one. @default the cores this process may use */
  readonly threads?: number
  /** Start of the names of the profiles that onnxruntime writes, one for every session, complete after `close`. */
  readonly profile?: string
  /** How far onnxruntime rewrites a graph. @default 'extended', within a few percent of the best on every network tried */
  readonly optimization?: 'disabled' | 'basic' | 'extended' | 'all'
}

/** An engine that runs programs in onnxruntime. */
export interface OnnxEngine extends Engine {
  readonly stats: OnnxStats
  /** Frees every session, and completes profiles. Functions that are called again are compiled again. */
  close(): Promise<void>
}

/**
 * Runs functions in onnxruntime on the CPU: each is traced once per signature, lowered to an onnx model and replayed.
 * Results stay on the host in onnxruntime's layout (channels first), so that handing them to the next call moves no data.
 */
export function onnxEngine(options: OnnxEngineOptions = {}): OnnxEngine {
  const { provider = 'cpu', threads = availableParallelism() } = options
  if (!Number.isInteger(threads) || threads < 1)
    throw new HabaError(
      'onnxEngine',
      'a whole number of threads from 1',
      `${threads}`,
      'Leave it out to use all cores.',
    )
  const counters = emptyCounters()
  const session = sessionOptions(options, threads)
  const replayers: Replayer<unknown>[] = []
  const traced = tracedEngine({
    tracing: (make) => compiling(counters, make),
    prepare<R>(name: string, program: Program<R>) {
      const made = replayer({ name, program, provider, session, counters })
      counters.compilations++
      replayers.push(made)
      return async (tensors: readonly Tensor[], key: string) => made.run(await readLeaves(name, tensors), key)
    },
  })

  return {
    ...traced,
    name: `onnx-${provider}`,
    stats: counters,
    async close() {
      await Promise.all(replayers.map((replayer) => replayer.close()))
    },
  }
}

function sessionOptions({ provider = 'cpu', profile, optimization = 'extended' }: OnnxEngineOptions, threads: number) {
  const options: InferenceSession.SessionOptions = {
    ...providers[provider].session,
    graphOptimizationLevel: optimization,
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    executionMode: 'sequential',
    // Waiting threads stay awake within a run, and sleep after it: each session has threads of its own, which would else
    // keep the processor from the next session's.
    extra: { session: { force_spinning_stop: '1' } },
    // Planning memory ahead took seconds and hundreds of megabytes on long graphs.
    enableMemPattern: false,
    // Fatal errors only: the others are thrown.
    logSeverityLevel: 4,
  }
  return profile === undefined ? options : { ...options, enableProfiling: true, profileFilePrefix: profile }
}
