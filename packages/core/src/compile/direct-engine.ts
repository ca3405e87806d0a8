import { findBackendFactory, setBackend, tidy } from '@tensorflow/tfjs-core'
import { vjp } from '../autodiff/grad.js'
import { HabaError } from '../errors.js'
import type { Engine } from '../spec/engine.js'
import type { Args, Tree } from '../spec/tree.js'
import { mapTree, signature, tensorLeaves, withTensors } from '../tree/tree.js'
import { tensor } from '../tree/host.js'
import type { Values } from './graph.js'

/** Options of `directEngine`. */
export interface DirectEngineOptions {
  /** A registered tfjs backend: import `@tensorflow/tfjs-backend-cpu`, `-wasm`, … first. */
  readonly backend: string
}

/**
 * Runs functions op by op on a tfjs backend: the reference that compiled engines are compared with, and the way into
 * browsers. Results are handed over on the host, so they belong to no backend.
 *
 * @throws HabaError if the backend is not registered or does not start
 */
export async function directEngine({ backend }: DirectEngineOptions): Promise<Engine> {
  const start = async () => {
    if (!findBackendFactory(backend) || !(await setBackend(backend)))
      throw new HabaError(
        'directEngine',
        `a tfjs backend that starts`,
        `"${backend}"`,
        `Import @tensorflow/tfjs-backend-${backend}.`,
      )
  }
  await start()
  const seen = new Set<string>()

  /** Runs on the backend and brings every result home. */
  async function run<R extends Tree>(fn: () => R): Promise<R> {
    await start()
    const result = tidy(() => fn() as never) as R
    const leaves = tensorLeaves(result)
    const home = await Promise.all(
      leaves.map(async (leaf) => tensor((await leaf.data()).slice() as Values, leaf.shape, leaf.dtype as 'float32')),
    )
    for (const leaf of new Set(leaves)) leaf.dispose()
    return withTensors(result, home)
  }

  return {
    name: `direct-${backend}`,
    stats: {
      get compilations() {
        return seen.size
      },
    },
    compile:
      (name, fn) =>
      (...args) => {
        seen.add(`${name}:${signature(args)}`)
        return run(() => owned(args, fn(...args)))
      },
    linearize: (name, fn) => {
      // Keeping a derivative op by op would keep every intermediate alive; here it is computed again instead.
      return {
        forward: async (params, ...rest) => {
          seen.add(`${name}:${signature([params as Args, ...rest])}`)
          const value = await run(() => owned([params as Args, ...rest], fn(params, ...rest)))
          const kept = [params, ...rest] as unknown as Tree
          return { value, kept: mapTree((x) => x.clone(), kept) }
        },
        backward: (kept, cotangent) => {
          const [params, ...rest] = kept as unknown as readonly [never, ...never[]]
          return run(() =>
            owned(
              [params, cotangent],
              vjp((p) => fn(p, ...(rest as unknown as never)), params).pull(cotangent) as never,
            ),
          )
        },
      }
    },
  }
}

/** A function may return an argument as it came; its caller must own the result, so such leaves are passed on as copies. */
function owned<R extends Tree>(args: readonly Args[] | readonly Tree[], result: R): R {
  const borrowed = new Set(tensorLeaves(args as readonly Args[]))
  return withTensors(
    result,
    tensorLeaves(result).map((leaf) => (borrowed.has(leaf) ? leaf.clone() : leaf)),
  )
}
