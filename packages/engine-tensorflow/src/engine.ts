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
import { loadBinding, type TensorflowOptions } from './binding.js'
import { replayer, type Replayer } from './replay.js'

/** An engine that runs programs in TensorFlow. */
export interface TensorflowEngine extends Engine {
  /** TensorFlow's own version. */
  readonly version: string
  /** Frees every session. Functions that are called again are loaded again. */
  close(): Promise<void>
}

/**
 * Runs functions in TensorFlow, on the GPU where there is one that its libraries can use: each is traced once per
 * signature, written as one graph of TensorFlow's operators, and run in one call. A call blocks the event loop.
 *
 * @throws HabaError if TensorFlow is not found, or does not load
 */
export async function tensorflowEngine(options: TensorflowOptions = {}): Promise<TensorflowEngine> {
  const binding = loadBinding('tensorflowEngine', options)
  const replayers: Replayer<unknown>[] = []
  let compilations = 0
  const replay = <R>(name: string, program: Program<R>): Replayer<R> => {
    const made = replayer({ name, program, binding })
    compilations++
    replayers.push(made)
    return made
  }

  return {
    name: binding.isUsingGpuDevice() ? 'tensorflow-gpu' : 'tensorflow-cpu',
    version: binding.TF_Version,
    stats: {
      get compilations() {
        return compilations
      },
    },
    compile<A extends readonly Args[], R extends Tree>(name: string, fn: (...args: A) => R): Compiled<A, R> {
      const programs = new Map<string, Replayer<R>>()
      return async (...args) => {
        const key = signature(args)
        const program = remember(programs, key, () => replay(name, trace(fn, args)))
        return program.run(tensorLeaves(args), key)
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
            const { forward, backward } = traceLinear(fn, [params, ...rest])
            return { forward: replay(`${name}.forward`, forward), backward: replay(`${name}.backward`, backward) }
          })
          const result = await pair.forward.run(tensorLeaves(args), key)
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
          return pair.backward.run(tensorLeaves(args), signature(args))
        },
      }
    },
    async close() {
      for (const replayer of replayers) replayer.close()
    },
  }
}

function remember<K, V>(known: Map<K, V>, key: K, make: () => V): V {
  const found = known.get(key)
  if (found !== undefined) return found
  const made = make()
  known.set(key, made)
  return made
}
