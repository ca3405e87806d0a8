import { fromSafetensors, rowsOf, vjp, type Parameterization, type Rows, type Tree } from '@haba/core'
import { onnxEngine } from '@haba/engine-onnx'
import { referenceEngine } from '@haba/testing'
import type { Tensor, Tensor4D } from '@tensorflow/tfjs-core'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'vitest'

/** Numbers made by `tools/fixtures/make.py`: what is stored, its images, a cotangent of them, and the gradient. */
export function readReference(name: string) {
  const file = `${name}.test-data.safetensors`
  const { tensors } = fromSafetensors(file, readFileSync(join(import.meta.dirname, file)))
  return (part: string): Tensor => tensors.get(part)!
}

/**
 * Expects images and gradients within 1e-5 of the reference, relative to its largest magnitude, on the engine in double
 * precision and on onnxruntime.
 */
export async function expectReference(
  read: (part: string) => Tensor,
  set: Parameterization<never>,
  params: Tree,
  learned: readonly string[],
): Promise<void> {
  const slots = Int32Array.from({ length: set.layout.slots }, (_, i) => i)
  for (const engine of [referenceEngine(), onnxEngine()]) {
    const pull = engine.compile('pull', (at: Tree, rows: Rows, cotangent: Tensor4D) => {
      const { value, pull } = vjp((x: Tree) => set.render(x as never, rows).images, at)
      return { images: value, gradient: pull(cotangent) }
    })
    const { images, gradient } = await pull(params, rowsOf(slots, 0), read('cotangent') as Tensor4D)
    expectClose(`${engine.name}: images`, images, read('images'))
    for (const part of learned)
      expectClose(
        `${engine.name}: gradient of ${part}`,
        (gradient as Readonly<Record<string, Tensor>>)[part]!,
        read(`gradient.${part}`),
      )
  }
}

function expectClose(what: string, got: Tensor, wanted: Tensor): void {
  const [a, b] = [got.dataSync(), wanted.dataSync()]
  expect(a.length, what).toBe(b.length)
  const largest = Math.max(...b.map(Math.abs))
  const worst = Math.max(...a.map((v, i) => Math.abs(v - b[i]!)))
  expect(worst / largest, what).toBeLessThanOrEqual(1e-5)
}
