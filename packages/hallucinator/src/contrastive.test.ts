import { grad, tensor, type Tree } from '@haba/core'
import { expectGradient, referenceEngine } from '@haba/testing'
import type { Tensor1D, Tensor2D, Tensor3D } from '@tensorflow/tfjs-core'
import { describe, expect, it } from 'vitest'
import { dissimilarity, similarity } from './adversarial-contrast.js'
import { instanceContrastive, supervisedContrastive, type ContrastiveLoss } from './contrastive.js'

// A worked example: three bases under two views.
const first = [1, 0, 0.6, 0.8, 0, 1]
const second = [0.8, 0.6, 1, 0, -0.6, 0.8]
const pairs = [0, 1, 2].flatMap((i) => [...first.slice(2 * i, 2 * i + 2), ...second.slice(2 * i, 2 * i + 2)])
const features = tensor(pairs, [3, 2, 2]) as Tensor3D
const value = async (loss: ContrastiveLoss, labels: number[]) =>
  (
    await referenceEngine().compile('loss', (f: Tensor3D, l: Tensor1D) => loss(f, l))(
      features,
      tensor(Int32Array.from(labels), [3]) as Tensor1D,
    )
  ).dataSync()[0]

describe('supervisedContrastive', () => {
  it('takes all of a class as positives', async () =>
    expect(await value(supervisedContrastive(), [0, 0, 1])).toBeCloseTo(1.967352, 5))
  it('has one positive an anchor where labels are unique', async () =>
    expect(await value(supervisedContrastive(), [0, 1, 2])).toBeCloseTo(2.856241, 5))
  it('refuses a temperature of 0', () =>
    expect(() => supervisedContrastive({ temperature: 0 })).toThrow('a temperature above 0, got 0'))
})

describe('instanceContrastive', () => {
  it('is the paper’s equation 3', async () =>
    expect(await value(instanceContrastive(), [0, 1, 2])).toBeCloseTo(1.351968, 5))
  it('does not look at labels', async () =>
    expect(await value(instanceContrastive(), [0, 0, 0])).toBeCloseTo(1.351968, 5))
})

describe.each([
  ['supervisedContrastive', supervisedContrastive()],
  ['instanceContrastive', instanceContrastive()],
])('%s', (_, loss) => {
  it('has the gradient of finite differences', async () => {
    const labels = tensor(Int32Array.of(0, 0, 1), [3]) as Tensor1D
    const fn = (f: Tree) => loss(f as Tensor3D, labels)
    const gradient = await referenceEngine().compile('gradient', (f: Tree) => grad(fn, f))(features)
    expectGradient({ fn, at: features as Tree, gradient })
  })
})

describe('similarity', () => {
  const both = (fn: typeof similarity) =>
    referenceEngine()
      .compile('similarity', fn)(tensor(first, [3, 2]) as Tensor2D, tensor(second, [3, 2]) as Tensor2D)
      .then((t) => t.dataSync()[0])
  it('is the mean of (cos + 1) / 2', async () => expect(await both(similarity)).toBeCloseTo(0.866667, 5))
  it('and dissimilarity is the rest', async () => expect(await both(dissimilarity)).toBeCloseTo(0.133333, 5))
})
