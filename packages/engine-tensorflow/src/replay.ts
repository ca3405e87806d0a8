import { HabaError, hostTensor, hostValue, type Program } from '@haba/core'
import type { Tensor } from '@tensorflow/tfjs-core'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Binding } from './binding.js'
import { inputName, lowerGraph, outputName } from './lower.js'

export interface ReplayerOptions<R> {
  /** Of the function, for errors. */
  readonly name: string
  readonly program: Program<R>
  readonly binding: Binding
}

/** Runs one traced program again and again. */
export interface Replayer<R> {
  /** @param key the signature, for errors */
  run(leaves: readonly Tensor[], key: string): Promise<R>
  close(): void
}

/** Makes one TensorFlow session of a program, at its first run. */
export function replayer<R>({ name, program, binding }: ReplayerOptions<R>): Replayer<R> {
  const { graph } = program
  const lowered = lowerGraph(graph)
  const inputNames = lowered.inputs.map(inputName).join()
  const outputNames = graph.outputs.map((_, i) => outputName(i)).join()
  let session: number | undefined

  return {
    async run(leaves, key) {
      const values = await Promise.all(lowered.inputs.map((i) => valuesOf(name, leaves[i]!)))
      if (graph.outputs.length === 0) return program.result([])
      const fed: number[] = []
      try {
        session ??= load(binding, lowered.model)
        for (const [place, i] of lowered.inputs.entries()) {
          const { shape, dtype } = graph.inputs[i]!
          fed.push(binding.createTensor(shape, dtype === 'int32' ? binding.TF_INT32 : binding.TF_FLOAT, values[place]!))
        }
        const found = binding.runSavedModel(session, fed, inputNames, outputNames)
        return program.result(
          found.map(({ id }, i) => {
            const { shape, dtype } = graph.outputs[i]!
            const taken = binding.tensorDataSync(id)
            binding.deleteTensor(id)
            return hostTensor({ values: taken }, shape, dtype)
          }),
        )
      } catch (cause) {
        throw new HabaError(
          `tensorflowEngine: ${name}`,
          'a program that runs',
          (cause as Error).message,
          `Its signature was ${key}.`,
          { cause },
        )
      } finally {
        for (const id of fed) binding.deleteTensor(id)
      }
    },
    close() {
      if (session !== undefined) binding.deleteSavedModel(session)
      session = undefined
    },
  }
}

/** The only way in for a whole graph leads through a file. */
function load(binding: Binding, model: Uint8Array): number {
  const folder = mkdtempSync(join(tmpdir(), 'haba-graph-'))
  try {
    writeFileSync(join(folder, 'saved_model.pb'), model)
    return binding.loadSavedModel(folder, 'serve')
  } finally {
    rmSync(folder, { recursive: true })
  }
}

/** Values in logical order, without a copy for those that lie so on the host. */
async function valuesOf(who: string, tensor: Tensor): Promise<Float32Array | Int32Array> {
  const value = hostValue(tensor)
  if (value === undefined) return (await tensor.data()) as Float32Array | Int32Array
  if ('node' in value)
    throw new HabaError(
      who,
      'tensors with values',
      'a traced one',
      'Inside a compiled function call the plain function.',
    )
  return value.order ? (tensor.dataSync() as Float32Array | Int32Array) : value.values
}
