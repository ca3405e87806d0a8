import { engine } from '@tensorflow/tfjs-core'
import { expect } from 'vitest'

/** Expects as many living tensors after `fn` as before it. */
export async function leakCheck(fn: () => void | Promise<void>): Promise<void> {
  // Not `memory()`, which asks for a backend.
  const alive = () => engine().state.numTensors
  const before = alive()
  await fn()
  expect(alive() - before, 'tensors that outlived their owner').toBe(0)
}
