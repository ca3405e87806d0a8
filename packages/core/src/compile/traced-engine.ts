import type { Tensor } from '@tensorflow/tfjs-core'
import { HabaError } from '../errors.js'
import type { Compiled, Engine, Linearized } from '../spec/engine.js'
import type { Args, Tree } from '../spec/tree.js'
import { signature, tensorLeaves } from '../tree/tree.js'
import { traceLinear } from './linearize.js'
import { trace, type Program } from './trace.js'

/** Runs one program on the tensors of its arguments; `key` is the signature, for errors. */
export type RunProgram<R> = (tensors: readonly Tensor[], key: string) => Promise<R>

/** What an engine must provide to run traced programs. */
export interface TracedEngineOptions {
  /** Compiles a program; called once for each signature of each function, and twice for a linearized one. */
  prepare<R>(name: string, program: Program<R>): RunProgram<R>
  /** Called around each tracing, to time it. @default calls `make` */
  readonly tracing?: <T>(make: () => T) => T
}

/** The engine-independent part of an engine: each function is traced once per signature, then replayed. */
export function tracedEngine({
  prepare,
  tracing = (make) => make(),
}: TracedEngineOptions): Pick<Engine, 'compile' | 'linearize'> {
  return {
    compile<A extends readonly Args[], R extends Tree>(name: string, fn: (...args: A) => R): Compiled<A, R> {
      const programs = new Map<string, RunProgram<R>>()
      return async (...args) => {
        const key = signature(args)
        const run = remember(programs, key, () =>
          prepare(
            name,
            tracing(() => trace(fn, args)),
          ),
        )
        return run(tensorLeaves(args), key)
      }
    },
    linearize<P extends Tree, A extends readonly Args[], R extends Tree>(
      name: string,
      fn: (params: P, ...rest: A) => R,
    ): Linearized<P, A, R> {
      interface Pair {
        readonly forward: RunProgram<{ readonly value: R; readonly kept: Tree }>
        readonly backward: RunProgram<P>
      }
      const programs = new Map<string, Pair>()
      const makers = new WeakMap<object, Pair>()
      return {
        async forward(params, ...rest) {
          const args = [params, ...rest]
          const key = signature(args)
          const pair = remember(programs, key, () => {
            const { forward, backward } = tracing(() => traceLinear(fn, [params, ...rest]))
            return { forward: prepare(`${name}.forward`, forward), backward: prepare(`${name}.backward`, backward) }
          })
          const result = await pair.forward(tensorLeaves(args), key)
          makers.set(result.kept, pair)
          return result
        },
        async backward(kept, cotangent) {
          const pair = makers.get(kept)
          if (!pair) throw foreignKept(name)
          const args = [kept, cotangent]
          return pair.backward(tensorLeaves(args), signature(args))
        },
      }
    },
  }
}

/** The error of `backward` for a tree that its `forward` did not return. */
export const foreignKept = (name: string): HabaError =>
  new HabaError(
    `${name}.backward`,
    'the `kept` that `forward` of this function returned',
    'another tree',
    'Pass it unchanged: it identifies the program that reads it.',
  )

function remember<K, V>(cache: Map<K, V>, key: K, make: () => V): V {
  const found = cache.get(key)
  if (found !== undefined) return found
  const made = make()
  cache.set(key, made)
  return made
}
