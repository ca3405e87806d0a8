import '@tensorflow/tfjs-backend-cpu'
import { setBackend, type Tensor, type Tensor1D, type Tensor3D, type Tensor4D } from '@tensorflow/tfjs-core'
import { beforeAll, describe, expect, it } from 'vitest'
import { foldIn, keyFrom, normal } from '../random/key.js'
import { tensor } from '../tree/host.js'
import { leakyRelu, oneHot, softmax, softplus, swish } from './activation.js'
import { conv2dInstanceNorm } from './conv2d-instance-norm.js'
import { avgPool, conv2d, conv2dTranspose, matMul } from './linear.js'
import { add, mul } from './elementwise.js'
import { concat, pad, reshape, slice, sum, transpose } from './layout.js'
import { batchMoments, batchNorm, groupNorm, instanceNorm, layerNorm } from './normalization.js'
import { maxPool } from './pooling.js'
import { affineSample, resizeBilinear } from './resample.js'
import { grad } from '../autodiff/grad.js'

// Compares composed ops with their written-out definitions, and with numbers computed by hand.

beforeAll(async () => {
  await setBackend('cpu')
})

const numbers = (t: Tensor) => [...t.dataSync()]
const near = (t: Tensor, wanted: readonly number[], digits = 5) => {
  expect(t.size).toBe(wanted.length)
  numbers(t).forEach((v, i) => expect(v).toBeCloseTo(wanted[i]!, digits))
}
const row = (...values: readonly number[]) => tensor(values, [values.length])
const map = (height: number, width: number, values: readonly number[]) =>
  tensor(values, [1, height, width, 1]) as Tensor4D
const random = (label: string, ...shape: readonly number[]) =>
  tensor(
    normal(
      foldIn(keyFrom(6), label),
      shape.reduce((n, length) => n * length, 1),
    ),
    shape,
  ) as Tensor4D
describe('activations', () => {
  it('have known values', () => {
    near(leakyRelu(row(-2, 0, 3)), [-0.02, 0, 3])
    near(swish(row(0, 1)), [0, 1 / (1 + Math.exp(-1))])
    near(softplus(row(0, -100, 100)), [Math.log(2), 0, 100])
    near(softmax(row(0, Math.log(3))), [0.25, 0.75])
    near(oneHot(tensor(Int32Array.of(1, 0), [2]) as Tensor1D, 3), [0, 1, 0, 1, 0, 0])
  })
})

describe('convolutions', () => {
  it('correlates without flipping, as PyTorch', () => {
    const kernel = tensor([1, 2, 3, 4], [2, 2, 1, 1]) as Tensor4D
    near(conv2d(map(2, 3, [1, 0, 0, 0, 0, 10]), kernel), [1, 40])
    near(conv2d(map(2, 2, [1, 1, 1, 1]), kernel, { stride: 2, pad: [1, 1, 0, 0] }), [4])
  })

  it('spreads each pixel over the kernel when transposed', () => {
    const kernel = tensor([1, 2, 3, 4], [2, 2, 1, 1]) as Tensor4D
    near(conv2dTranspose(map(1, 2, [1, 10]), kernel, { stride: 2 }), [1, 2, 10, 20, 3, 4, 30, 40])
    near(conv2dTranspose(map(1, 2, [1, 10]), kernel), [1, 12, 20, 3, 34, 40])
  })
})

it('avgPool takes windows of two sides', () => {
  near(avgPool(map(2, 4, [1, 5, -1, -3, 3, 2, -4, -6]), [1, 2]), [3, -2, 2.5, -5])
  near(avgPool(map(2, 3, [1, 3, 5, 3, 5, 7]), [2, 1], [1, 2]), [2, 6])
})

describe('maxPool', () => {
  it('takes the largest of each window, -∞ around', () => {
    near(maxPool(map(2, 4, [1, 5, -1, -2, 3, 2, -4, -3]), 2), [5, -1])
    near(maxPool(map(2, 2, [-1, -2, -3, -4]), 3, { stride: 2, padding: 1 }), [-1])
    near(maxPool(map(1, 4, [-1, -2, -3, -4]), 3, { stride: 1, padding: 1 }), [-1, -1, -2, -3])
    near(maxPool(map(2, 4, [1, 5, -1, -2, 3, 2, -4, -3]), [1, 2]), [5, -1, 3, -3])
    near(maxPool(map(2, 3, [-1, -5, -2, -3, -4, -6]), 2, { padding: [0, 0, 0, 1] }), [-1, -2])
    near(maxPool(map(3, 1, [-1, -5, -2]), [2, 1], { stride: [1, 1], padding: [1, 0, 0, 0] }), [-1, -1, -2])
  })

  it('gives the gradient to the first of equals', () => {
    near(
      grad((x: Tensor4D) => sum(maxPool(x, 2)), map(2, 2, [0, 7, 7, 7])),
      [0, 1, 0, 0],
    )
  })
})

describe('normalizations', () => {
  const x = random('x', 2, 3, 2, 4)
  const values = numbers(x)
  const [scale, shift] = [random('scale', 4), random('shift', 4)]
  /** Standardizes each value within its group; `alike` defines the groups. */
  const standardized = (alike: (n: number, c: number) => string) => {
    const groups = new Map<string, number[]>()
    const keyOf = (i: number) => alike(Math.floor(i / 24), i % 4)
    values.forEach((v, i) => groups.set(keyOf(i), [...(groups.get(keyOf(i)) ?? []), v]))
    return values.map((v, i) => {
      const group = groups.get(keyOf(i))!
      const mean = group.reduce((a, b) => a + b, 0) / group.length
      const variance = group.reduce((a, b) => a + (b - mean) ** 2, 0) / group.length
      return (v - mean) / Math.sqrt(variance + 1e-5)
    })
  }
  const scaled = (list: readonly number[]) => list.map((v, i) => v * numbers(scale)[i % 4]! + numbers(shift)[i % 4]!)

  it('are by image and channel, by group, by image, by channel', () => {
    near(instanceNorm(x, scale, shift), scaled(standardized((n, c) => `${n} ${c}`)), 4)
    near(groupNorm(x, scale, shift, 2), scaled(standardized((n, c) => `${n} ${Math.floor(c / 2)}`)), 4)
    near(batchNorm(x, batchMoments(x), scale, shift), scaled(standardized((_, c) => `${c}`)), 4)
    const ones = tensor(new Float32Array(24).fill(1), [3, 2, 4])
    const zeros = tensor(new Float32Array(24), [3, 2, 4])
    near(
      layerNorm(x, ones, zeros),
      standardized((n) => `${n}`),
      4,
    )
  })

  it.each([{}, { pad: 1 }, { stride: 2, pad: [2, 0, 1, 1] }] as const)(
    'of a convolution: the convolution normalized, and its gradients, with %j',
    (options) => {
      const [image, kernel] = [random('image', 2, 8, 7, 3), random('kernel', 3, 3, 3, 4)]
      const inTwo = (a: Tensor4D, k: Tensor4D, s: Tensor, t: Tensor) => instanceNorm(conv2d(a, k, options), s, t)
      const atOnce = (a: Tensor4D, k: Tensor4D, s: Tensor, t: Tensor) => conv2dInstanceNorm(a, k, s, t, options)
      const wanted = inTwo(image, kernel, scale, shift)
      near(atOnce(image, kernel, scale, shift), numbers(wanted), 4)
      const weights = random('weights', ...wanted.shape)
      const gradients = (of: typeof inTwo) =>
        grad((all: readonly [Tensor4D, Tensor4D, Tensor, Tensor]) => sum(mul(of(...all), weights)), [
          image,
          kernel,
          scale,
          shift,
        ] as const)
      const expected = gradients(inTwo)
      gradients(atOnce).forEach((one, i) => near(one, numbers(expected[i]!), 3))
    },
  )

  it('of a convolution that gives the same everywhere stays finite', () => {
    const planes = Float32Array.from(
      { length: 20 * 81 },
      (_, i) => 71.3 * (Math.floor(i / 81) + 1) * (i % 9) + 29.7 * (Math.floor(i / 9) % 9),
    )
    const image = tensor(planes, [20, 9, 9, 1]) as Tensor4D
    const second = Float32Array.from([0, 1, 0, 1, -4, 1, 0, 1, 0], (v) => v / 3)
    const one = row(1)
    // The variance is 0, and once it is rounded down to -0.3.
    const maps = conv2dInstanceNorm(image, tensor(second, [3, 3, 1, 1]) as Tensor4D, one, one)
    expect(numbers(maps).filter((v) => !Number.isFinite(v))).toEqual([])
  })
})

describe('resampling', () => {
  const matrix = (...m: readonly number[]) => tensor(m, [1, 2, 2]) as Tensor3D
  const image = random('image', 1, 3, 3, 2)
  const moved = (from: (y: number, x: number) => readonly [number, number]) =>
    Array.from({ length: 18 }, (_, i) => {
      const [y, x, c] = [Math.floor(i / 6), Math.floor(i / 2) % 3, i % 2]
      const [fromY, fromX] = from(y, x)
      return numbers(image)[(fromY * 3 + fromX) * 2 + c]!
    })

  it('leaves, flips and turns exactly', () => {
    near(affineSample(image, matrix(1, 0, 0, 1)), numbers(image))
    near(
      affineSample(image, matrix(-1, 0, 0, 1)),
      moved((y, x) => [y, 2 - x]),
    )
    // (dx, dy) comes from (dy, -dx).
    near(
      affineSample(image, matrix(0, 1, -1, 0)),
      moved((y, x) => [2 - x, y]),
    )
  })

  it('mixes neighbors, and is zero outside', () => {
    // From the center, offsets -1.5 … 1.5 become half and twice as long.
    near(affineSample(map(1, 4, [1, 2, 3, 4]), matrix(0.5, 0, 0, 1)), [1.75, 2.25, 2.75, 3.25])
    near(affineSample(map(1, 4, [1, 2, 3, 4]), matrix(2, 0, 0, 1)), [0, 1.5, 3.5, 0])
    // A pixel half outside keeps half of its value.
    near(affineSample(map(1, 2, [4, 8]), matrix(2, 0, 0, 1)), [2, 4])
  })

  it('resizes with pixel centers aligned, as PyTorch', () => {
    near(resizeBilinear(map(1, 2, [0, 1]), 1, 4), [0, 0.25, 0.75, 1])
    near(resizeBilinear(map(1, 4, [0, 1, 2, 3]), 1, 2), [0.5, 2.5])
    near(resizeBilinear(map(2, 2, [0, 1, 2, 3]), 2, 4), [0, 0.25, 0.75, 1, 2, 2.25, 2.75, 3])
    near(resizeBilinear(map(2, 1, [0, 4]), 3, 1), [0, 2, 4])
  })
})

describe('unfit operands', () => {
  const x = tensor([1, 2, 3, 4, 5, 6], [2, 3])
  const image = random('small', 1, 2, 2, 3)
  it.each([
    ['add', () => add(x, row(1, 2)), 'add: expected shapes that broadcast, got [2,3] and [2].'],
    ['matMul', () => matMul(x, x), 'matMul: expected'],
    ['conv2d', () => conv2d(image, random('k', 3, 3, 3, 1)), 'conv2d: expected images'],
    ['conv2d of other channels', () => conv2d(image, random('k', 1, 1, 2, 1)), 'conv2d: expected images'],
    ['maxPool', () => maxPool(image, 3), 'maxPool: expected maps of at least 3, got [1,2,2,3].'],
    ['reshape', () => reshape(x, [4, -1]), 'reshape: expected a shape of 6 elements, got [4,-1] for [2,3].'],
    ['transpose', () => transpose(x, [0, 0]), 'transpose: expected distinct axes of a tensor of rank 2'],
    ['sum', () => sum(x, 2), 'sum: expected distinct axes of a tensor of rank 2, got [2].'],
    ['slice', () => slice(x, [0, 2], [2, 2]), 'slice: expected a block inside [2,3]'],
    ['pad', () => pad(x, [-1, 0], [0, 0]), 'pad: expected 2 non-negative lengths'],
    ['concat', () => concat([x, tensor([1], [1, 1])], 0), 'concat: expected tensors that differ along one axis only'],
    ['concat of nothing', () => concat([], 0), 'concat: expected at least one tensor, got none.'],
    ['affineSample', () => affineSample(image, tensor([1], [1, 1, 1]) as Tensor3D), 'affineSample: expected matrices'],
  ])('%s says so', (_, fn, message) => {
    expect(fn).toThrow(message)
  })
})
