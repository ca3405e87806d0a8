import { mkdtemp, readdir, readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { add, conv2d, crossEntropy, grad, innerProduct, keyFrom, normal, tensor, type Tree } from '@haba/core'
import { testEngine, tinyNetwork, type TinyWeights } from '@haba/testing'
import type { Scalar, Tensor2D, Tensor4D } from '@tensorflow/tfjs-core'
import { afterAll, describe, expect, test } from 'vitest'
import { onnxEngine } from './engine.js'
import { testConvolutions } from './lower/convolution.fixture.js'
import { onnxStatus } from './run/status.js'

/** Where WebGPU must run (`npm run webgpu`, and so CI), its absence fails these tests. */
const required = process.env.HABA_REQUIRE_WEBGPU === '1'
const status = await onnxStatus('webgpu')

describe.skipIf(!status.works && !required)('onnxruntime on WebGPU', () => {
  test('is there', () => expect(status).toEqual({ works: true }))

  const engine = onnxEngine({ provider: 'webgpu' })
  afterAll(() => engine.close())
  testEngine(() => engine, { name: engine.name })
  describe('convolutions', () => testConvolutions(engine, 9))

  test('runs every operator of a second-order step there, by the profile', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'haba-profile-'))
    const profiled = onnxEngine({ provider: 'webgpu', profile: join(folder, 'step') })
    const network = tinyNetwork()
    const { weights } = network.init(keyFrom(1))
    const images = tensor(normal(keyFrom(2), 2 * 8 * 8 * 2), [2, 8, 8, 2]) as Tensor4D
    const targets = tensor([1, 0, 0, 0, 0, 1], [2, 3]) as Tensor2D
    // The gradient of a student step with respect to its images; and a convolution in steps of 2, whose gradient goes another way.
    const owed = profiled.compile('owed', (x: Tensor4D, w: TinyWeights, y: Tensor2D) => {
      const slope = (z: Tensor4D) =>
        grad((v: TinyWeights) => crossEntropy(network.apply(v, z, { kind: 'train', state: {} }).logits, y), w)
      return grad((z: Tensor4D) => {
        const apart = conv2d(z, w.convolution.kernel, { stride: 2 })
        const g = slope(z) as Tree
        return add(innerProduct(g, g), innerProduct(apart, apart)) as Scalar
      }, x)
    })
    await owed(images, weights, targets)
    await profiled.close()
    const runs = await operatorsOf(folder)
    const convolutions = runs.filter(({ type }) => type.startsWith('Conv'))
    expect(new Set(convolutions.map(({ type }) => type))).toEqual(new Set(['Conv', 'ConvTranspose']))
    expect(runs.filter(({ provider }) => provider !== 'WebGpuExecutionProvider')).toEqual([])
  })
})

interface Run {
  readonly type: string
  readonly provider: string
}

/** Every operator that the profiles of a folder saw run. */
async function operatorsOf(folder: string): Promise<readonly Run[]> {
  const files = await readdir(folder)
  const texts = await Promise.all(files.map((file) => readFile(join(folder, file), 'utf8')))
  const events = texts.flatMap((text) => JSON.parse(text) as readonly Event[])
  return events
    .filter(({ cat, name }) => cat === 'Node' && name.endsWith('_kernel_time'))
    .map(({ args }) => ({ type: args.op_name, provider: args.provider }))
}

interface Event {
  readonly cat: string
  readonly name: string
  readonly args: { readonly op_name: string; readonly provider: string }
}
