import { keyFrom, pixels, softmax, tensor, tensorLeaves, type Dataset, type Network, type Tree } from '@haba/core'
import { recordExperts, openExperts } from '@haba/matching/experts'
import { labeled, type LabeledParams } from '@haba/sets'
import { referenceEngine, seedFrom, tinyNetwork, toyData } from '@haba/testing'
import type { Tensor4D } from '@tensorflow/tfjs-core'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { finishedSet } from './labels.js'
import { makeOptimizer } from './optimizers.js'
import type { Parts } from './parts.js'

describe('an optimizer that keeps pixels', () => {
  const keeping = (apply: (pixels: Float32Array) => Float32Array) =>
    makeOptimizer(
      {
        read: { file: 'a.json' } as Parts['read'],
        data: { image: [1, 2, 2], preprocessing: { name: 'made up', apply } } as unknown as Dataset,
      },
      { images: { use: 'sgd', learningRate: 1, momentum: 0, project: 'pixels' } },
      'optimizer',
    )
  const images = (...values: readonly number[]) => ({ images: tensor(values, [1, 1, 2, 2]) })

  it('leaves them between black and white as networks see these, channel by channel', async () => {
    // Black is -1 in the first channel and -2 in the second, white 1 and 6.
    const optimizer = keeping((p) => p.map((v, i) => (i % 2 === 0 ? 2 * v - 1 : 8 * v - 2)))
    const moved = await referenceEngine().compile(
      'move',
      (params: Tree, gradient: Tree) => optimizer.update(gradient, optimizer.init(params), params).updates,
    )(images(0, 0, 0, 0), images(5, 5, -5, -5))
    expect([...tensorLeaves(moved)[0]!.dataSync()]).toEqual([-1, -2, 1, 5])
  })

  it('refuses preprocessing under which black is not one number a channel, by place', () =>
    expect(() => keeping((p) => p.map((v, i) => v + i))).toThrow(
      'config a.json: optimizer: project: expected preprocessing that treats all places alike, for "pixels", got made up.',
    ))
})

it('an optimizer clips the gradient of all parts together', async () => {
  const part = { use: 'sgd', learningRate: 1, momentum: 0 } as const
  const moved = async (clipNorm?: number) => {
    const parts = { read: { file: 'a.json' } as Parts['read'], data: {} as Dataset }
    const optimizer = makeOptimizer(parts, { bases: part, addresses: part }, 'optimizer', clipNorm)
    const [params, gradient] = [0, 1].map((by) => ({ bases: tensor([3 * by], [1]), addresses: tensor([4 * by], [1]) }))
    const move = (at: Tree, slope: Tree) => optimizer.update(slope, optimizer.init(at), at).updates
    return tensorLeaves(await referenceEngine().compile('move', move)(params!, gradient!)).map((t) => t.dataSync()[0])
  }
  expect(await moved()).toEqual([-4, -3])
  // ‖(3, 4)‖ = 5.
  ;(await moved(2)).forEach((v, i) => expect(v).toBeCloseTo([-1.6, -1.2][i]!, 6))
})

describe('a finished set', () => {
  it('has the labels that an expert gives to its last images, where it is told so', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'haba-labels-'))
    const real = toyData()
    const [network, engine] = [tinyNetwork() as unknown as Network, referenceEngine()]
    await recordExperts({ folder, engine, network, real, key: keyFrom(3), count: 1, epochs: 1, learningRate: 0.1 })
    const set = labeled({ of: pixels({ image: real.image, classes: real.classes, perClass: 1 }) })
    const params = (await set.init(keyFrom(1), seedFrom(real))) as unknown as Tree
    const finish = (assigned: 'once' | 'at-the-end') => {
      const targets = { start: 'hard', stored: 'probabilities', assigned, expert: 0 }
      const config = { set: { targets }, objective: { experts: folder } }
      return finishedSet({ read: { file: 'a.json', config }, network, engine } as unknown as Parts, set, params)
    }
    expect(await finish('once')).toBe(params)
    const { images, targets } = (await finish('at-the-end')) as LabeledParams
    const weights = await (await openExperts(folder, network)).read(0, 1)
    await rm(folder, { recursive: true })
    const said = await engine.compile('said', (w: Tree, x: Tensor4D) =>
      softmax(network.apply(w, x, { kind: 'evaluate', state: {} }).logits),
    )(weights, images as Tensor4D)
    targets.dataSync().forEach((v, i) => expect(v).toBeCloseTo(said.dataSync()[i]!, 5))
  })
})
