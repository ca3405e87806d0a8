import { fromSafetensors, tensor } from '@haba/core'
import { onnxEngine } from '@haba/engine-onnx'
import type { Tensor } from '@tensorflow/tfjs-core'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { reference } from '../reference.js'
import { waveOf } from '../wave.js'
import { metaUnroll } from './meta-unroll.js'

it('takes labels in any order, and as many of a class as the file has', async () => {
  const file = join(reference, 'meta_unroll.safetensors')
  const { tensors } = fromSafetensors(file, await readFile(file))
  const manifest = JSON.parse(await readFile(join(reference, 'manifest.json'), 'utf8')) as {
    readonly cases: Readonly<Record<string, { readonly meta: unknown }>>
  }
  const engine = onnxEngine()
  const run = async (labels: readonly number[], order: readonly number[]) => {
    const stored = tensors.get('images')!
    const [steps, perStep, ...image] = stored.shape as [number, number, ...number[]]
    const size = image.reduce((product, length) => product * length, 1)
    const from = stored.dataSync()
    const images = Float32Array.from(order.flatMap((index) => [...from.subarray(index * size, (index + 1) * size)]))
    const given = new Map<string, Tensor>([
      ...tensors,
      ['images', tensor(images, [steps, perStep, ...image])],
      ['labels', tensor(Int32Array.from(labels), [steps, perStep])],
    ])
    const compared = await metaUnroll({
      engine,
      what: '',
      meta: manifest.cases['meta_unroll']!.meta,
      wave: waveOf(0),
      tensor: (name) => given.get(name)!,
      group: (prefix) =>
        Object.fromEntries(
          [...given].flatMap(([name, value]) =>
            name.startsWith(prefix) ? [[name.slice(prefix.length), value] as const] : [],
          ),
        ),
    })
    return (name: string) => [...compared[name]!.got.dataSync()]
  }
  // Rows of a step may change places: its loss is a mean.
  const unequal = [0, 1, 2, 3, 4, 4, 3, 2, 1, 0, 2, 2, 0, 1, 3]
  const plain = await run(
    unequal,
    Array.from({ length: 15 }, (_, i) => i),
  )
  const turned = [4, 3, 2, 1, 0, 5, 6, 7, 8, 9, 14, 11, 12, 13, 10]
  const moved = await run(
    turned.map((i) => unequal[i]!),
    turned,
  )
  for (const name of ['step_losses', 'loss, recompute', 'grad.learning_rates, recompute']) {
    expect(plain(name).every(Number.isFinite)).toBe(true)
    plain(name).forEach((value, i) => expect(moved(name)[i]).toBeCloseTo(value, 5))
  }
  const size = plain('grad.images, recompute').length / 15
  turned.forEach((from, to) => {
    const [a, b] = [plain('grad.images, recompute'), moved('grad.images, recompute')]
    for (let k = 0; k < size; k += 37) expect(b[to * size + k]).toBeCloseTo(a[from * size + k]!, 6)
  })
  expect(plain('learning_rates')).toEqual(moved('learning_rates'))
  await engine.close()
})
