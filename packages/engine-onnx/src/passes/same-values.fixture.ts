import { normal, sizeOf, tensor, type Graph, type Key } from '@haba/core'
import type { Tensor } from '@tensorflow/tfjs-core'
import { expect } from 'vitest'
import { inputName, lowerGraph, outputName } from '../lower/lower.js'
import { onnxruntime } from '../run/onnxruntime.js'

export const drawn = (key: Key, shape: readonly number[]) => tensor(normal(key, sizeOf(shape)), shape)

/** What onnxruntime makes of a graph, with every input in logical order. */
async function evaluated(graph: Graph, args: readonly Tensor[]): Promise<readonly Float32Array[]> {
  const lowered = lowerGraph(
    graph,
    graph.inputs.map(({ shape }) => shape.map((_, axis) => axis)),
  )
  const { InferenceSession, Tensor } = onnxruntime()
  const session = await InferenceSession.create(lowered.model, { graphOptimizationLevel: 'basic', logSeverityLevel: 4 })
  const feeds = lowered.inputs.map((i) => {
    const { shape, dtype } = args[i]!
    return [inputName(i), new Tensor(dtype as 'float32', args[i]!.dataSync<'float32'>(), shape)] as const
  })
  const found = await session.run(Object.fromEntries(feeds))
  await session.release()
  return graph.outputs.map((_, i) => found[outputName(i)]!.data as Float32Array)
}

/** For tests: expects a rewritten graph to give what the graph gives, relative to the largest value of each output. */
export async function expectSame(graph: Graph, rewritten: Graph, args: readonly Tensor[], tolerance: number) {
  const [expected, found] = [await evaluated(graph, args), await evaluated(rewritten, args)]
  expected.forEach((values, i) => {
    expect(found[i]!.length, `output ${i}`).toBe(values.length)
    const largest = values.reduce((most, x) => Math.max(most, Math.abs(x)), 0.1)
    const worst = values.reduce((most, x, j) => Math.max(most, Math.abs(x - found[i]![j]!)), 0)
    expect(worst / largest, `output ${i}`).toBeLessThan(tolerance)
  })
}
