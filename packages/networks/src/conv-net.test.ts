import '@tensorflow/tfjs-backend-cpu'
import { setBackend } from '@tensorflow/tfjs-core'
import { add, keyFrom, leakyRelu, mapTree, normal, tensor, tensorLeaves, withTensors, type Tree } from '@haba/core'
import { beforeAll, describe, expect, it, vi } from 'vitest'
import {
  batchNormalization,
  convNet,
  groupNormalization,
  instanceNormalization,
  layerNormalization,
  maxPooling,
  noNormalization,
} from './index.js'

const image = [32, 32, 3] as const
const key = keyFrom(1)
const countOf = (tree: Tree) => tensorLeaves(tree).reduce((total, leaf) => total + leaf.size, 0)
/** The same tree with every weight set to one value. */
const constant = <T extends Tree>(tree: T, value: number): T =>
  withTensors(
    tree,
    tensorLeaves(tree).map((leaf) => tensor(new Float32Array(leaf.size).fill(value), leaf.shape)),
  )

beforeAll(() => setBackend('cpu'))

describe('convNet', () => {
  it.each([
    [{ image, classes: 10 }, 320_010],
    [{ image, classes: 100 }, 504_420],
    [{ image: [28, 28, 1] as const, classes: 10 }, 317_706],
    [{ image: [64, 64, 3] as const, classes: 200, depth: 4 }, 857_160],
    [{ image: [128, 128, 3] as const, classes: 10, depth: 5 }, 615_690],
    [{ image, classes: 10, normalization: layerNormalization }, 663_306],
    [{ image, classes: 10, normalization: noNormalization }, 319_242],
  ])('has the parameters of the reference: %j', (options, count) => {
    expect(countOf(convNet(options).init(key).weights)).toBe(count)
  })

  it('is named as in the field', () => {
    expect(convNet({ image, classes: 10 }).name).toBe('ConvNetD3W128-IN-relu-AP')
    expect(convNet({ image, classes: 10, depth: 2, activation: leakyRelu, pooling: maxPooling }).name).toBe(
      'ConvNetD2W128-IN-leakyRelu-MP',
    )
  })

  it('computes what a pen computes', () => {
    const network = convNet({ image: [2, 2, 2], classes: 2, depth: 1, width: 1, normalization: noNormalization })
    const { weights, state } = network.init(key)
    const images = tensor([1, 2, 3, 4, 5, 6, 7, 8], [1, 2, 2, 2])
    const { features, logits, maps } = network.apply(constant(weights, 0.5), images, { kind: 'train', state })
    // Every output of the convolution reads all 8 values: 36 / 2 + 0.5.
    expect([...maps![0]!.dataSync()]).toEqual([18.5, 18.5, 18.5, 18.5])
    expect([...features.dataSync()]).toEqual([18.5])
    expect([...logits.dataSync()]).toEqual([9.75, 9.75])
  })

  it('computes the same where its first layer is normalized without its maps', () => {
    const { ofConvolution, ...inTwo } = instanceNormalization
    const atOnce = vi.fn(ofConvolution!)
    const images = tensor(normal(key, 2 * 8 * 8), [2, 8, 8, 1])
    const [one, other] = [{ ...inTwo, ofConvolution: atOnce }, inTwo].map((normalization) => {
      const network = convNet({ image: [8, 8, 1], classes: 3, width: 10, depth: 2, normalization })
      const { weights, state } = network.init(key)
      const shifted = mapTree((leaf) => add(leaf, 0.1), weights)
      return network.apply(shifted, images, { kind: 'train', state }).logits
    })
    // Kernels of the first layer read 9 values and have 10 output channels; those of the second read 90.
    expect(atOnce).toHaveBeenCalledTimes(1)
    one!.dataSync().forEach((value, i) => expect(value).toBeCloseTo(other!.dataSync()[i]!, 5))
  })

  it('gives the maps of CAFE: activations before pooling, then the last pooled map', () => {
    const network = convNet({ image, classes: 10, width: 2 })
    const { weights, state } = network.init(key)
    const { maps, features } = network.apply(weights, tensor(new Float32Array(3072), [1, ...image]), {
      kind: 'train',
      state,
    })
    expect(maps!.map(({ shape }) => shape)).toEqual([
      [1, 32, 32, 2],
      [1, 16, 16, 2],
      [1, 8, 8, 2],
      [1, 4, 4, 2],
    ])
    expect(features.shape).toEqual([1, 32])
  })

  it('flattens channel by channel', () => {
    const network = convNet({ image: [4, 4, 3], classes: 2, depth: 1, width: 2 })
    const { weights, state } = network.init(key)
    const images = tensor(
      Float32Array.from({ length: 48 }, (_, i) => Math.sin(i)),
      [1, 4, 4, 3],
    )
    const { maps, features } = network.apply(weights, images, { kind: 'train', state })
    const last = maps![1]!.dataSync()
    expect([...features.dataSync()]).toEqual([0, 2, 4, 6, 1, 3, 5, 7].map((i) => last[i]))
  })

  it('starts as PyTorch does: uniform within one over the root of the fan', () => {
    const { blocks, classifier } = convNet({ image, classes: 10 }).init(key).weights
    const largest = (values: ArrayLike<number>) =>
      Array.from(values).reduce((most, v) => Math.max(most, Math.abs(v)), 0)
    for (const [leaf, fan] of [
      [blocks[0]!.convolution.kernel, 27],
      [blocks[1]!.convolution.kernel, 1152],
      [classifier.kernel, 2048],
    ] as const) {
      expect(largest(leaf.dataSync()) * Math.sqrt(fan)).toBeGreaterThan(0.99)
      expect(largest(leaf.dataSync()) * Math.sqrt(fan)).toBeLessThanOrEqual(1.0001)
    }
  })

  it('says what is wrong with its options', () => {
    expect(() => convNet({ image, classes: 10, depth: 6 })).toThrow(/convNet: expected images that survive 6 blocks/)
    expect(() => convNet({ image, classes: 10, width: 0 })).toThrow(/width of at least 1/)
    expect(() => convNet({ image, classes: 10, kernel: 2 })).toThrow(/an odd kernel/)
    expect(() => convNet({ image, classes: 10, width: 6, normalization: groupNormalization(4) })).toThrow(/GN4/)
  })
})

describe('batch normalization', () => {
  const network = convNet({ image: [2, 2, 2], classes: 2, depth: 1, width: 1, normalization: batchNormalization })
  const { weights, state } = network.init(key)
  // A convolution that copies the first channel.
  const kernel = new Float32Array(18)
  kernel[8] = 1
  const copying = {
    ...weights,
    blocks: [
      {
        ...weights.blocks[0]!,
        convolution: { kernel: tensor(kernel, [3, 3, 2, 1]), bias: tensor([0], [1]) },
      },
    ],
  }
  const images = tensor([1, 9, 2, 9, 3, 9, 6, 9], [1, 2, 2, 2])

  it('moves the running moments by a tenth, with the unbiased variance', () => {
    const after = network.apply(copying, images, { kind: 'train', state }).state
    const [mean, variance] = tensorLeaves(after).map((leaf) => leaf.dataSync()[0]!)
    expect(mean).toBeCloseTo(0.1 * 3, 6) // mean of 1, 2, 3, 6
    expect(variance).toBeCloseTo(0.9 + 0.1 * (14 / 3), 6) // squares of -2, -1, 0, 3, over 4 - 1
  })

  it('uses the batch in training and the running moments in evaluation', () => {
    const [train, evaluate] = (['train', 'evaluate'] as const).map((kind) => [
      ...network.apply(copying, images, { kind, state }).maps![0]!.dataSync(),
    ])
    expect(train![3]).toBeCloseTo(3 / Math.sqrt(3.5), 4)
    expect(evaluate![3]).toBeCloseTo(6, 3)
  })

  it('asks for its state', () => {
    expect(() => network.apply(weights, images, { kind: 'train', state: {} })).toThrow(/running moments/)
  })
})
