import type { Tensor } from '@tensorflow/tfjs-core'
import { tracedEngine, type Engine, type Program } from '@haba/core'
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
  const traced = tracedEngine({
    prepare<R>(name: string, program: Program<R>) {
      const made = replayer({ name, program, binding })
      compilations++
      replayers.push(made)
      return (tensors: readonly Tensor[], key: string) => made.run(tensors, key)
    },
  })

  return {
    ...traced,
    name: binding.isUsingGpuDevice() ? 'tensorflow-gpu' : 'tensorflow-cpu',
    version: binding.TF_Version,
    stats: {
      get compilations() {
        return compilations
      },
    },
    async close() {
      for (const replayer of replayers) replayer.close()
    },
  }
}
