import {
  HabaError,
  signature,
  tensorLeaves,
  trace,
  traceLinear,
  type Args,
  type Compiled,
  type Engine,
  type Linearized,
  type Program,
  type Tree,
} from '@haba/core'
import type { InferenceSession } from 'onnxruntime-node'
import { availableParallelism } from 'node:os'
import { readLeaves } from './leaves.js'
import { providers, type Provider } from './provider.js'
import { replayer, type Replayer } from './replay.js'
import { compiling, emptyCounters, type OnnxStats } from './stats.js'

/** Options of `onnxEngine`. */
export interface OnnxEngineOptions {
  /** Where operators run; `onnxStatus` tells whether that works here. @default 'cpu' */
  readonly provider?: Provider
  /** Threads inside one operator. @default the number of cores this process may use */
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
  const replay = <R>(name: string, program: Program<R>): Replayer<R> => {
    const made = replayer({ name, program, provider, session, counters })
    replayers.push(made)
    return made
  }

  return {
    name: `onnx-${provider}`,
    stats: counters,
    compile<A extends readonly Args[], R extends Tree>(name: string, fn: (...args: A) => R): Compiled<A, R> {
      const programs = new Map<string, Replayer<R>>()
      return async (...args) => {
        const key = signature(args)
        const run = remember(programs, key, () => {
          const program = compiling(counters, () => trace(fn, args))
          counters.compilations++
          return replay(name, program)
        })
        return run.run(await readLeaves(name, tensorLeaves(args)), key)
      }
    },
    linearize<P extends Tree, A extends readonly Args[], R extends Tree>(
      name: string,
      fn: (params: P, ...rest: A) => R,
    ): Linearized<P, A, R> {
      interface Pair {
        readonly forward: Replayer<{ readonly value: R; readonly kept: Tree }>
        readonly backward: Replayer<P>
      }
      const programs = new Map<string, Pair>()
      const makers = new WeakMap<object, Pair>()
      return {
        async forward(params, ...rest) {
          const args = [params as unknown as Args, ...rest]
          const key = signature(args)
          const pair = remember(programs, key, () => {
            const { forward, backward } = compiling(counters, () => traceLinear(fn, [params, ...rest]))
            counters.compilations += 2
            return { forward: replay(`${name}.forward`, forward), backward: replay(`${name}.backward`, backward) }
          })
          const result = await pair.forward.run(await readLeaves(name, tensorLeaves(args)), key)
          makers.set(result.kept, pair)
          return result
        },
        async backward(kept, cotangent) {
          const pair = makers.get(kept)
          if (!pair)
            throw new HabaError(
              `${name}.backward`,
              'the `kept` that `forward` of this function returned',
              'another tree',
              'Pass it on as it came: the program that reads it is known by it.',
            )
          const args = [kept, cotangent] as unknown as readonly Args[]
          return pair.backward.run(await readLeaves(name, tensorLeaves(args)), signature(args))
        },
      }
    },
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

function remember<K, V>(known: Map<K, V>, key: K, make: () => V): V {
  const found = known.get(key)
  if (found !== undefined) return found
  const made = make()
  known.set(key, made)
  return made
}
