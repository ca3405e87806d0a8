import { HabaError, hostTensor, type DType, type Graph, type Program } from '@haba/core'
import { InferenceSession, Tensor as OnnxTensor } from 'onnxruntime-node'
import type { Leaf } from './leaves.js'
import { inputName, lowerGraph, outputName, type LoweredGraph } from './lower.js'
import { factored } from './factor/factor.js'
import { providers, type Provider } from './provider.js'
import { compiling, countersOf, type Counters } from './stats.js'
import { isIdentity } from './value.js'

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

/** Makes one onnx session for every combination of layouts in which the inputs arrive. */
export function replayer<R>({ name, program, provider, session, counters }: ReplayerOptions<R>): Replayer<R> {
  const graph = compiling(counters, () => factored(program.graph))
  // An input that leaves as it came needs no onnxruntime, which would copy it; nor need a result leave it twice.
  const passed = new Map(graph.outputs.map((node) => [node, graph.inputs.indexOf(node)]))
  const computed: Graph = { ...graph, outputs: [...passed].flatMap(([node, at]) => (at < 0 ? [node] : [])) }
  const sessions = new Map<string, Promise<Ready>>()
  const mine = countersOf(counters, name)

  async function prepare(leaves: readonly Leaf[]): Promise<Ready> {
    const lowered = compiling(counters, () =>
      lowerGraph(
        computed,
        leaves.map(({ order }) => order),
        providers[provider].traits,
      ),
    )
    const start = performance.now()
    const made = await InferenceSession.create(lowered.model, session)
    counters.compileMilliseconds += performance.now() - start
    counters.sessions++
    mine.operators = lowered.operators
    return { session: made, lowered }
  }

  async function replay(leaves: readonly Leaf[], { session, lowered }: Ready): Promise<R> {
    const start = performance.now()
    const feeds = Object.fromEntries(
      lowered.inputs.map((i) => [inputName(i), onnxTensor(graph.inputs[i]!.shape, leaves[i]!, graph.inputs[i]!.dtype)]),
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
      const layout = leaves.map(({ order }) => order.join('')).join()
      try {
        let ready = sessions.get(layout)
        if (!ready) sessions.set(layout, (ready = prepare(leaves)))
        return await replay(leaves, await ready)
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
      }
    },
    async close() {
      const open = await Promise.allSettled(sessions.values())
      sessions.clear()
      for (const made of open)
        if (made.status === 'fulfilled') {
          made.value.session.endProfiling()
          await made.value.session.release()
        }
    },
  }
}

/** Hands an array over as it is. */
const onnxTensor = (shape: readonly number[], { values, order }: Leaf, dtype: DType) =>
  new OnnxTensor(
    dtype,
    values,
    order.map((axis) => shape[axis]!),
  )
