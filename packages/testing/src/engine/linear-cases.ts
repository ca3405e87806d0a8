import type { Tensor, Tensor2D, Tensor3D, Tensor4D } from '@tensorflow/tfjs-core'
import {
  affineSample,
  avgPool,
  batchMoments,
  batchNorm,
  conv2d,
  conv2dInstanceNorm,
  conv2dTranspose,
  cosineSimilarity,
  crossEntropy,
  groupNorm,
  instanceNorm,
  layerNorm,
  matMul,
  maxPool,
  resizeBilinear,
  softmax,
  type ConvolutionOptions,
} from '@haba/core'
import { op, type OpCase } from './op-case.js'

const conv = (name: string, x: readonly number[], kernel: readonly number[], options?: ConvolutionOptions) =>
  op(`conv2d ${name}`, [x, kernel], (a, k) => conv2d(a as Tensor4D, k as Tensor4D, options))
const up = (name: string, x: readonly number[], kernel: readonly number[], options?: ConvolutionOptions) =>
  op(`conv2dTranspose ${name}`, [x, kernel], (a, k) => conv2dTranspose(a as Tensor4D, k as Tensor4D, options))
const image = (name: string, shape: readonly number[], fn: (x: Tensor4D) => Tensor) =>
  op(name, [shape], (x) => fn(x as Tensor4D))
const norm = (name: string, weights: readonly number[], fn: (x: Tensor4D, scale: Tensor, shift: Tensor) => Tensor) =>
  op(name, [[2, 3, 4, 4], weights, weights], (x, scale, shift) => fn(x as Tensor4D, scale, shift))
const convNorm = (name: string, x: readonly number[], kernel: readonly number[], options?: ConvolutionOptions) =>
  op(`conv2dInstanceNorm ${name}`, [x, kernel, [kernel[3]!], [kernel[3]!]], (a, k, scale, shift) =>
    conv2dInstanceNorm(a as Tensor4D, k as Tensor4D, scale, shift, options),
  )

export const linearCases: readonly OpCase[] = [
  op(
    'matMul',
    [
      [2, 3],
      [3, 4],
    ],
    (a, b) => matMul(a, b),
  ),
  op(
    'matMul, left transposed',
    [
      [3, 2],
      [3, 4],
    ],
    (a, b) => matMul(a, b, { a: true }),
  ),
  op(
    'matMul, right transposed',
    [
      [2, 3],
      [4, 3],
    ],
    (a, b) => matMul(a, b, { b: true }),
  ),
  op(
    'matMul, both transposed',
    [
      [3, 2],
      [4, 3],
    ],
    (a, b) => matMul(a, b, { a: true, b: true }),
  ),
  op(
    'matMul of batches',
    [
      [2, 2, 3],
      [2, 3, 2],
    ],
    (a, b) => matMul(a, b),
  ),
  op(
    'matMul of batches, left transposed',
    [
      [2, 3, 2],
      [2, 3, 4],
    ],
    (a, b) => matMul(a, b, { a: true }),
  ),
  op(
    'matMul of batches, right transposed',
    [
      [2, 2, 3],
      [2, 4, 3],
    ],
    (a, b) => matMul(a, b, { b: true }),
  ),
  op(
    'matMul of batches, both transposed',
    [
      [2, 3, 2],
      [2, 4, 3],
    ],
    (a, b) => matMul(a, b, { a: true, b: true }),
  ),
  op(
    'matMul of rank 4',
    [
      [2, 2, 1, 3],
      [2, 2, 3, 2],
    ],
    (a, b) => matMul(a, b),
  ),
  op('matMul of a tensor and itself', [[3, 3]], (a) => matMul(a, a, { b: true })),

  conv('3x3, padded', [2, 5, 4, 3], [3, 3, 3, 2], { pad: 1 }),
  conv('3x3, valid', [1, 5, 4, 2], [3, 3, 2, 3]),
  conv('of one channel to one', [2, 4, 5, 1], [3, 3, 1, 1], { pad: 1 }),
  conv('1x1', [2, 3, 4, 3], [1, 1, 3, 2]),
  conv('1x1 in steps of 2', [2, 5, 4, 3], [1, 1, 3, 2], { stride: 2 }),
  conv('in steps of 2, padded', [2, 6, 5, 2], [3, 3, 2, 3], { stride: 2, pad: 1 }),
  conv('in steps that leave rows unread', [1, 8, 7, 2], [3, 2, 2, 2], { stride: [3, 2] }),
  conv('with unequal padding', [1, 4, 5, 2], [2, 3, 2, 2], { pad: [1, 0, 2, 1] }),
  conv('with unequal steps and padding', [2, 6, 7, 1], [3, 2, 1, 2], { stride: [2, 3], pad: [0, 1, 1, 0] }),
  conv('as large as the image', [2, 3, 4, 2], [3, 4, 2, 5]),
  conv('4x4 in steps of 4', [1, 9, 8, 2], [4, 4, 2, 2], { stride: 4 }),
  conv('of one pixel', [2, 1, 1, 2], [3, 3, 2, 2], { pad: 1 }),

  up('3x3', [1, 3, 4, 2], [3, 3, 3, 2]),
  up('in steps of 2', [2, 3, 2, 2], [4, 4, 3, 2], { stride: 2, pad: 1 }),
  up('of one channel', [1, 3, 3, 1], [2, 2, 1, 1], { stride: 2 }),
  up('with unequal steps and padding', [1, 3, 3, 2], [3, 4, 2, 2], { stride: [2, 3], pad: [1, 0, 0, 2] }),

  image('avgPool', [2, 4, 6, 3], (x) => avgPool(x, 2)),
  image('avgPool that leaves rows out', [1, 5, 7, 2], (x) => avgPool(x, 2)),
  image('avgPool of overlapping windows', [2, 5, 6, 2], (x) => avgPool(x, 3, 1)),
  image('avgPool of windows apart', [1, 7, 5, 2], (x) => avgPool(x, 2, 3)),
  image('avgPool of everything', [2, 3, 3, 4], (x) => avgPool(x, 3)),
  image('maxPool', [2, 4, 6, 3], (x) => maxPool(x, 2)),
  image('maxPool that leaves rows out', [1, 5, 7, 1], (x) => maxPool(x, 2)),
  image('maxPool of overlapping windows, padded', [1, 6, 5, 2], (x) => maxPool(x, 3, { stride: 2, padding: 1 })),

  norm('instanceNorm', [4], (x, scale, shift) => instanceNorm(x, scale, shift)),
  convNorm('of a padded image', [2, 4, 5, 1], [3, 3, 1, 4], { pad: 1 }),
  convNorm('of every other pixel, three channels', [2, 7, 5, 3], [3, 2, 3, 2], { stride: 2, pad: [1, 0, 0, 1] }),
  norm('groupNorm', [4], (x, scale, shift) => groupNorm(x, scale, shift, 2)),
  norm('layerNorm', [3, 4, 4], (x, scale, shift) => layerNorm(x, scale, shift)),
  norm('batchNorm', [4], (x, scale, shift) => batchNorm(x, batchMoments(x), scale, shift)),

  op(
    'affineSample',
    [
      [2, 4, 5, 2],
      [2, 2, 2],
    ],
    (x, m) => affineSample(x as Tensor4D, m as Tensor3D),
  ),
  op(
    'affineSample, one matrix for all',
    [
      [2, 4, 4, 1],
      [1, 2, 2],
    ],
    (x, m) => affineSample(x as Tensor4D, m as Tensor3D),
  ),
  image('resizeBilinear up', [2, 3, 4, 2], (x) => resizeBilinear(x, 5, 7)),
  image('resizeBilinear down', [1, 6, 5, 1], (x) => resizeBilinear(x, 3, 2)),

  op(
    'crossEntropy',
    [
      [3, 4],
      [3, 4],
    ],
    (x, y) => crossEntropy(x as Tensor2D, softmax(y as Tensor2D)),
  ),
  op(
    'cosineSimilarity',
    [
      [3, 4],
      [3, 4],
    ],
    (a, b) => cosineSimilarity(a as Tensor2D, b as Tensor2D),
  ),
]
