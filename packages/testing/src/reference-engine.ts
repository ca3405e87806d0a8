import {
  signature,
  tensor,
  tensorLeaves,
  trace,
  traceLinear,
  type Args,
  type Engine,
  type Program,
  type Tree,
} from '@haba/core'
import { evaluate } from './reference/evaluate.js'

/**
 * The engine that others are measured by: programs run as plain loops in double precision, and only results are rounded
 * to float32. It needs no tfjs backend. For tests on tiny shapes; nothing here is quick.
 */
export function referenceEngine(): Engine {
  let compilations = 0

  const remembered = <V>(make: () => V, known: Map<string, V>, key: string): V => {
    const found = known.get(key)
    if (found !== undefined) return found
    const made = make()
    known.set(key, made)
    compilations++
    return made
  }
  const run = async <R>({ graph, result }: Program<R>, args: readonly Args[]): Promise<R> => {
    const values = await Promise.all(tensorLeaves(args).map(async (leaf) => Float64Array.from(await leaf.data())))
    return result(
      evaluate(graph, values).map((output, i) => {
        const { shape, dtype } = graph.outputs[i]!
        return tensor(dtype === 'int32' ? Int32Array.from(output) : Float32Array.from(output), shape)
      }),
    )
  }

  return {
    name: 'reference',
    stats: {
      get compilations() {
        return compilations
      },
    },
    compile: <A extends readonly Args[], R extends Tree>(_: string, fn: (...args: A) => R) => {
      const programs = new Map<string, Program<R>>()
      return async (...args: A) =>
        run(
          remembered(() => trace(fn, args), programs, signature(args)),
          args,
        )
    },
    linearize: <P extends Tree, A extends readonly Args[], R extends Tree>(
      _: string,
      fn: (params: P, ...rest: A) => R,
    ) => {
      const programs = new Map<string, ReturnType<typeof traceLinear<P, A, R>>>()
      const backwards = new WeakMap<object, Program<P>>()
      return {
        async forward(params: P, ...rest: A) {
          const args = [params, ...rest] as unknown as readonly Args[]
          const program = remembered(() => traceLinear(fn, [params, ...rest]), programs, signature(args))
          const done = await run(program.forward, args)
          backwards.set(done.kept, program.backward)
          return done
        },
        backward: (kept: Tree, cotangent: R) =>
          run(backwards.get(kept)!, [kept, cotangent] as unknown as readonly Args[]),
      }
    },
  }
}
