import { HabaError, hostTensor, type DType, type Graph, type Program } from '@haba/core'
import type { InferenceSession } from 'onnxruntime-node'
import { inOrder, type Leaf } from './leaves.js'
import { inputName, lowerGraph, outputName, type LoweredGraph } from '../lower/lower.js'
import { hoistScales } from '../passes/hoist-scales/hoist-scales.js'
import { tileBatch } from '../passes/tile-batch/tile-batch.js'
import { oneThreadTime } from './one-thread-time.js'
import { onnxruntime } from './onnxruntime.js'
import { providers, type Provider } from '../provider.js'
import { compiling, countersOf, type Counters } from './stats.js'
import { isIdentity, sameNumbers } from '../lower/value.js'

export interface ReplayerOptions<R> {
  /** Of the function, for errors and counts. */
  readonly name: string
  readonly program: Program<R>
  readonly provider: Provider
  readonly session: InferenceSession.SessionOptions
  readonly counters: Counters
}

/** Runs one traced program again and again. */
export interface Replayer<R> {
  /** @param key the signature, for errors */
  run(leaves: readonly Leaf[], key: string): Promise<R>
  close(): Promise<void>
}

interface Ready {
  readonly session: InferenceSession
  readonly lowered: LoweredGraph
}

/** A session made, or being made, for inputs of certain layouts. */
interface Made {
  readonly orders: readonly (readonly number[])[]
  readonly ready: Promise<Ready>
  /** Calls that are under way. */
  users: number
}

/** How often a program is made at most: a loop settles on the layouts that it hands round, and stays there. */
const MOST = 2

/**
 * Runs a program in one onnx session, made for the layouts in which the inputs of the first call arrive. What arrives
 * otherwise is brought into order at the door; where two calls in a row arrive alike, the session is made anew for them.
 */
export function replayer<R>({ name, program, provider, session, counters }: ReplayerOptions<R>): Replayer<R> {
  const graph = compiling(counters, () => tileBatch(hoistScales(program.graph), providers[provider].traits.partBytes))
  // An input that leaves as it came needs no onnxruntime, which would copy it; nor need a result leave it twice.
  const passed = new Map(graph.outputs.map((node) => [node, graph.inputs.indexOf(node)]))
  const computed: Graph = { ...graph, outputs: [...passed].flatMap(([node, at]) => (at < 0 ? [node] : [])) }
  // Waking a second thread takes longer than what it would spare, milliseconds where another program wants the core.
  const quick = provider === 'cpu' && oneThreadTime(computed) < 1
  let current: Made | undefined
  let last: Made['orders'] | undefined
  let count = 0
  const retired = new Set<Made>()
  const mine = countersOf(counters, name)

  async function prepare(orders: Made['orders']): Promise<Ready> {
    const lowered = compiling(counters, () => lowerGraph(computed, orders, providers[provider].traits))
    const { InferenceSession } = onnxruntime()
    const start = performance.now()
    const made = await InferenceSession.create(lowered.model, quick ? { ...session, intraOpNumThreads: 1 } : session)
    counters.compileMilliseconds += performance.now() - start
    counters.sessions++
    mine.operators = lowered.operators
    return { session: made, lowered }
  }

  /** The session for inputs that arrive so, held until `letGo`. */
  function hold(leaves: readonly Leaf[]): Made {
    const orders = leaves.map(({ order }) => order)
    const again = last !== undefined && sameOrders(orders, last)
    last = orders
    if (!current || (again && count < MOST && !sameOrders(orders, current.orders))) {
      if (current) retired.add(current)
      current = { orders, ready: prepare(orders), users: 0 }
      count++
    }
    current.users++
    return current
  }

  async function letGo(made: Made): Promise<void> {
    made.users--
    for (const old of retired)
      if (old.users === 0) {
        retired.delete(old)
        await release(old)
      }
  }

  async function release({ ready }: Made): Promise<void> {
    const [made] = await Promise.allSettled([ready])
    if (made.status !== 'fulfilled') return
    made.value.session.endProfiling()
    await made.value.session.release()
  }

  async function replay(leaves: readonly Leaf[], { orders, ready }: Made): Promise<R> {
    const { session, lowered } = await ready
    const start = performance.now()
    const feeds = Object.fromEntries(
      lowered.inputs.map((i) => {
        const { shape, dtype } = graph.inputs[i]!
        return [inputName(i), onnxTensor(shape, inOrder(leaves[i]!, shape, orders[i]!), dtype)]
      }),
    )
    const running = performance.now()
    const found = await session.run(feeds)
    const returned = performance.now()
    const made = lowered.outputs.map(({ order }, i): Leaf => ({
      values: found[outputName(i)]!.data as Leaf['values'],
      order,
    }))
    const result = leaving(leaves, made)
    mine.calls++
    mine.runMilliseconds += returned - running
    mine.hostMilliseconds += running - start + performance.now() - returned
    return result
  }

  /** The result, of what was computed and what passed by. */
  function leaving(leaves: readonly Leaf[], made: readonly Leaf[]): R {
    return program.result(
      graph.outputs.map((node) => {
        const at = passed.get(node)!
        const { values, order } = at < 0 ? made[computed.outputs.indexOf(node)]! : leaves[at]!
        return hostTensor(isIdentity(order) ? { values } : { values, order }, node.shape, node.dtype)
      }),
    )
  }

  return {
    async run(leaves, key) {
      // onnxruntime refuses a graph that computes nothing.
      if (computed.outputs.length === 0) return leaving(leaves, [])
      const made = hold(leaves)
      try {
        return await replay(leaves, made)
      } catch (cause) {
        throw new HabaError(
          `onnxEngine: ${name}`,
          'a program that onnxruntime runs',
          `"${cause instanceof Error ? cause.message : String(cause)}" for the signature ${key}`,
          provider === 'cpu'
            ? 'Check shapes and the range of indices.'
            : `Check shapes and the range of indices; if nothing runs: ${providers[provider].install}`,
          { cause },
        )
      } finally {
        await letGo(made)
      }
    },
    async close() {
      const open = [...retired, ...(current ? [current] : [])]
      retired.clear()
      current = undefined
      last = undefined
      count = 0
      await Promise.all(open.map(release))
    },
  }
}

const sameOrders = (a: Made['orders'], b: Made['orders']) => a.every((order, i) => sameNumbers(order, b[i]!))

/** Hands an array over as it is. */
const onnxTensor = (shape: readonly number[], { values, order }: Leaf, dtype: DType) =>
  new (onnxruntime().Tensor)(
    dtype,
    values,
    order.map((axis) => shape[axis]!),
  )
