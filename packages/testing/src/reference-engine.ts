import type { Tensor } from '@tensorflow/tfjs-core'
import { tensor, tracedEngine, type Engine, type Program } from '@haba/core'
import { evaluate } from './reference/evaluate.js'

/**
 * The engine that others are measured by: programs run as plain loops in double precision, and only results are rounded
 * to float32. It needs no tfjs backend. For tests on tiny shapes; nothing here is quick.
 */
export function referenceEngine(): Engine {
  let compilations = 0
  const traced = tracedEngine({
    prepare<R>(_: string, { graph, result }: Program<R>) {
      compilations++
      return async (tensors: readonly Tensor[]) => {
        const values = await Promise.all(tensors.map(async (leaf) => Float64Array.from(await leaf.data())))
        return result(
          evaluate(graph, values).map((output, i) => {
            const { shape, dtype } = graph.outputs[i]!
            return tensor(dtype === 'int32' ? Int32Array.from(output) : Float32Array.from(output), shape)
          }),
        )
      }
    },
  })

  return {
    ...traced,
    name: 'reference',
    stats: {
      get compilations() {
        return compilations
      },
    },
  }
}
