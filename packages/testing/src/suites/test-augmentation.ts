import type { Tensor4D } from '@tensorflow/tfjs-core'
import {
  add,
  disposeTree,
  foldIn,
  grad,
  keyFrom,
  mul,
  normal,
  sizeOf,
  slice,
  square,
  sum,
  tensor,
  treeFromJson,
  treeToJson,
  type Args,
  type Augmentation,
  type Engine,
  type ImageShape,
} from '@haba/core'
import { beforeAll, describe, expect, it } from 'vitest'
import { expectGradient } from '../expect-gradient.js'
import { leakCheck } from '../leak-check.js'
import { referenceEngine } from '../reference-engine.js'
import { toy } from '../toys/toy.js'
import { expectFinite, expectNear, numbersOf, textOf } from './values.js'

/** The augmentation under test. */
export interface TestAugmentationOptions {
  readonly make: () => Augmentation
  /** @default [8, 8, 2] */
  readonly image?: ImageShape
  /** How many draws are tried: more where one of several operations is drawn. @default 3 */
  readonly draws?: number
  /** @default referenceEngine() */
  readonly engine?: () => Engine | Promise<Engine>
  /** Relative error allowed along each direction. @default 1e-3 */
  readonly tolerance?: number
}

const BATCH = 7

/** Registers the tests that every augmentation must pass. */
export function testAugmentation(options: TestAugmentationOptions): void {
  const { make, image = toy.image, draws = 3, engine: makeEngine = referenceEngine, tolerance } = options
  const augmentation = make()
  const key = foldIn(keyFrom(15), augmentation.name)
  const images = tensor(normal(foldIn(key, 'images'), BATCH * sizeOf(image)), [BATCH, ...image])
  const weights = tensor(normal(foldIn(key, 'weights'), BATCH * sizeOf(image)), [BATCH, ...image])
  const drawn = (i: number, rows: number, from = augmentation) => from.draw(foldIn(foldIn(key, 'draw'), i), rows, image)
  const look = (x: Tensor4D, draw: Args) => {
    const changed = augmentation.apply(x, draw)
    return sum(mul(weights, add(changed, mul(square(changed), 0.5))))
  }

  describe(`augmentation: ${augmentation.name}`, () => {
    let engine: Engine
    let apply: (images: Tensor4D, draw: Args) => Promise<Tensor4D>
    beforeAll(async () => {
      engine = await makeEngine()
      apply = engine.compile('apply', (x: Tensor4D, draw: Args) => augmentation.apply(x, draw))
    })

    describe.each(Array.from({ length: draws }, (_, i) => i))('draw %i', (i) => {
      it('is the same with the same key, and survives JSON', async () => {
        const draw = drawn(i, BATCH)
        expect(textOf(drawn(i, BATCH, make()))).toBe(textOf(draw))
        drawn(i + 1, BATCH)
        expect(textOf(drawn(i, BATCH))).toBe(textOf(draw))
        const again = treeFromJson<Args>(JSON.parse(JSON.stringify(treeToJson(draw))))
        expect(textOf(await apply(images, again))).toBe(textOf(await apply(images, draw)))
      })

      it('keeps the shape, with finite values', async () => {
        const changed = await apply(images, drawn(i, BATCH))
        expect(changed.shape).toEqual(images.shape)
        expectFinite(changed)
      })

      it('acts alike on one image and on seven, when one row was drawn', async () => {
        const draw = drawn(i, 1)
        const all = numbersOf(await apply(images, draw))
        const size = sizeOf(image)
        const rowOf = engine.compile('row', (x: Tensor4D, one: Args) =>
          augmentation.apply(slice(x, [BATCH - 1, 0, 0, 0], [1, ...image]), one),
        )
        expectNear(await rowOf(images, draw), tensor(all.slice(-size), [1, ...image]), 1e-4)
      })

      it('has the gradient of finite differences', async () => {
        const draw = drawn(i, BATCH)
        const slope = engine.compile('slope', (x: Tensor4D, d: Args) => grad((y: Tensor4D) => look(y, d), x))
        const gradient = await slope(images, draw)
        expectGradient<Tensor4D>({
          fn: (x) => look(x, draw),
          at: images,
          gradient,
          ...(tolerance && { tolerance }),
        })
      })
    })

    it('leaves no tensor behind when its draw is disposed', async () => {
      await leakCheck(() => disposeTree(drawn(0, BATCH)))
    })
  })
}
