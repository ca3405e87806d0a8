import type { Scalar, Tensor4D } from '@tensorflow/tfjs-core'
import {
  crossEntropy,
  foldIn,
  grad,
  innerProduct,
  integers,
  keyFrom,
  normal,
  sizeOf,
  slice,
  tensor,
  type Engine,
  type ImageShape,
  type Network,
  type Tree,
} from '@haba/core'
import { beforeAll, describe, expect, it } from 'vitest'
import { randomDirection } from '../directional-derivative.js'
import { expectGradient } from '../expect-gradient.js'
import { referenceEngine } from '../reference-engine.js'
import { expectFinite, expectNear, numbersOf, textOf } from './values.js'

/** The network under test. */
export interface TestNetworkOptions {
  /** As narrow and shallow as it may be: it is run in double precision many times. */
  readonly make: () => Network
  readonly image: ImageShape
  readonly classes: number
  /** Rows of the batch that is tried. @default 3 */
  readonly batch?: number
  /** @default referenceEngine() */
  readonly engine?: () => Engine | Promise<Engine>
  /** Relative error allowed along each direction. @default 1e-3 */
  readonly tolerance?: number
}

/** Weights and images: a student's loss is differentiated in both. */
type Point = { readonly weights: Tree; readonly images: Tree }

/** Registers the tests that every network must pass. */
export function testNetwork(options: TestNetworkOptions): void {
  const { make, image, classes, batch = 3, engine: makeEngine = referenceEngine, tolerance = 1e-3 } = options
  const network = make()
  const key = foldIn(keyFrom(14), network.name)
  const { weights, state } = network.init(foldIn(key, 'init'))
  const images = tensor(normal(foldIn(key, 'images'), batch * sizeOf(image)), [batch, ...image])
  const labels = integers(foldIn(key, 'labels'), batch, classes)
  const targets = tensor(
    Array.from(labels, (label) => Array.from({ length: classes }, (_, c) => +(c === label))).flat(),
    [batch, classes],
  )
  const loss = (at: Point): Scalar =>
    crossEntropy(network.apply(at.weights, at.images as Tensor4D, { kind: 'train', state }).logits, targets)
  const point: Point = { weights, images }

  describe(`network: ${network.name}`, () => {
    let engine: Engine
    beforeAll(async () => {
      engine = await makeEngine()
    })
    const outputs = (kind: 'train' | 'evaluate') =>
      engine.compile(kind, (at: Point) => {
        const {
          features,
          logits,
          maps = [],
          state: next,
        } = network.apply(at.weights, at.images as Tensor4D, { kind, state })
        return { features, logits, maps, next }
      })(point)

    it('starts the same with the same key, and otherwise with another', () => {
      expect(textOf(make().init(foldIn(key, 'init')).weights)).toBe(textOf(weights))
      expect(textOf(make().init(foldIn(key, 'other')).weights)).not.toBe(textOf(weights))
      expectFinite([weights, state])
    })

    it.each(['train', 'evaluate'] as const)('gives finite features, logits and maps to %s', async (kind) => {
      const { features, logits, maps, next } = await outputs(kind)
      expect(logits.shape).toEqual([batch, classes])
      expect([features.rank, features.shape[0]]).toEqual([2, batch])
      expect(maps.map((map) => [map.rank, map.shape[0]])).toEqual(maps.map(() => [4, batch]))
      expectFinite([features, logits, maps, next])
      if (kind === 'evaluate') expect(textOf(next)).toBe(textOf(state))
    })

    it('treats every row by itself in evaluation', async () => {
      const all = await outputs('evaluate')
      const alone = engine.compile('alone', (at: Point) => {
        const row = slice(at.images as Tensor4D, [1, 0, 0, 0], [1, ...image])
        return network.apply(at.weights, row, { kind: 'evaluate', state }).logits
      })
      expectNear(await alone(point), tensor(numbersOf(all.logits).slice(classes, 2 * classes), [1, classes]), 1e-4)
    })

    it('has the gradient of finite differences in weights and images', async () => {
      const gradient = await engine.compile('gradient', (at: Point) => grad(loss, at))(point)
      expect(Math.hypot(...numbersOf(gradient.weights))).toBeGreaterThan(0)
      expectGradient<Point>({ fn: loss, at: point, gradient, tolerance })
    })

    it('has the mixed second derivative of finite differences: weights first, then images and weights', async () => {
      const direction = randomDirection(foldIn(key, 'direction'), weights)
      // The step of a student along a direction, seen by what it is trained with.
      const alongDirection = (at: Point): Scalar =>
        innerProduct(
          grad((w: Tree) => loss({ weights: w, images: at.images }), at.weights),
          direction,
        )
      const gradient = await engine.compile('second', (at: Point) => grad(alongDirection, at))(point)
      expectGradient<Point>({ fn: alongDirection, at: point, gradient, tolerance })
    })
  })
}
