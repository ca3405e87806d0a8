import { engine, findBackend, findBackendFactory, setBackend, type Tensor } from '@tensorflow/tfjs-core'
import { vjp } from '../autodiff/grad.js'
import { HabaError } from '../errors.js'
import type { Engine, Linearized } from '../spec/engine.js'
import type { Args, Tree } from '../spec/tree.js'
import { mapTree, signature, tensorLeaves, withTensors } from '../tree/tree.js'
import { tensor } from '../tree/host.js'
import type { Values } from '../spec/values.js'
import { foreignKept } from './traced-engine.js'

/** Options of `directEngine`. */
export interface DirectEngineOptions {
  /** A registered tfjs backend: import `@tensorflow/tfjs-backend-cpu`, `-wasm`, … first. */
  readonly backend: string
}

/**
 * Runs functions op by op on a tfjs backend. It is the reference for compiled engines, and runs in browsers. Results are
 * returned on the host, so they belong to no backend. tfjs's own choice of backend is unchanged: this one is current only
 * while a function runs.
 *
 * @throws HabaError if the backend is not registered or does not start
 */
export async function directEngine({ backend }: DirectEngineOptions): Promise<Engine> {
  const absent = () =>
    new HabaError(
      'directEngine',
      `a tfjs backend that starts`,
      `"${backend}"`,
      `Import @tensorflow/tfjs-backend-${backend}.`,
    )
  const before = engine().backendName
  try {
    if (!findBackendFactory(backend) || !(await setBackend(backend))) throw absent()
  } finally {
    restore(before)
  }
  const seen = new Set<string>()

  /** Runs on the backend and copies every result to the host. */
  async function run<R extends Args>(fn: () => R): Promise<R> {
    if (!findBackend(backend)) throw absent()
    const current = engine().backendName
    // `setBackend` makes a started backend current before it returns its promise, so nothing else runs in between.
    if (current !== backend) void setBackend(backend)
    let result: R
    try {
      result = keeping(fn)
    } finally {
      if (current !== backend) restore(current)
    }
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
    linearize<P extends Tree, A extends readonly Args[], R extends Tree>(
      name: string,
      fn: (params: P, ...rest: A) => R,
    ): Linearized<P, A, R> {
      // Op by op, a prepared derivative would keep every intermediate alive, so `backward` computes the function again.
      const argumentsOf = new WeakMap<object, readonly [P, ...A]>()
      return {
        forward: async (...args) => {
          seen.add(`${name}:${signature(args)}`)
          const value = await run(() => owned(args, fn(...args)))
          const copies = await run(() => mapTree((x) => x.clone(), args))
          const kept = tensorLeaves(copies)
          argumentsOf.set(kept, copies)
          return { value, kept }
        },
        backward: async (kept, cotangent) => {
          const args = argumentsOf.get(kept)
          if (!args) throw foreignKept(name)
          const [params, ...rest] = args
          return run(() => owned([params, cotangent], vjp((p: P) => fn(p, ...rest), params).pull(cotangent)))
        },
      }
    },
  }
}

/** Runs a function and frees every tensor it made except its result. */
function keeping<R extends Args>(fn: () => R): R {
  let kept: Tensor[] = []
  engine().startScope()
  try {
    const result = fn()
    kept = [...tensorLeaves(result)]
    return result
  } finally {
    engine().endScope(kept)
  }
}

/** Copies leaves of the result that are arguments: the caller must own the result. */
function owned<R extends Tree>(args: readonly Args[], result: R): R {
  const borrowed = new Set(tensorLeaves(args))
  return withTensors(
    result,
    tensorLeaves(result).map((leaf) => (borrowed.has(leaf) ? leaf.clone() : leaf)),
  )
}

/** Restores tfjs's current backend. @param name undefined or null if none was chosen yet */
function restore(name: string | null | undefined): void {
  if (name && findBackend(name)) void setBackend(name)
  // As `removeBackend` leaves it: at its next op tfjs chooses by priority, as if nothing had run.
  else if (!name) Object.assign(engine(), { backendName: undefined, backendInstance: null })
}
