import {
  add,
  disposeTree,
  foldIn,
  grad,
  keyFrom,
  mul,
  normal,
  sizeOf,
  square,
  sum,
  tensor,
  treeFromJson,
  treeToJson,
  type Args,
  type Batch,
  type Engine,
  type ImageShape,
  type Mixing,
} from '@haba/core'
import { beforeAll, describe, expect, it } from 'vitest'
import { expectGradient } from '../expect-gradient.js'
import { leakCheck } from '../leak-check.js'
import { referenceEngine } from '../reference-engine.js'
import { toy } from '../toys/toy.js'
import { expectFinite, numbersOf, textOf } from './values.js'

/** The mixing under test. */
export interface TestMixingOptions {
  readonly make: () => Mixing
  /** @default [8, 8, 2] */
  readonly image?: ImageShape
  /** How many draws are tried. @default 3 */
  readonly draws?: number
  /** @default referenceEngine() */
  readonly engine?: () => Engine | Promise<Engine>
  /** Relative error allowed along each direction. @default 1e-3 */
  readonly tolerance?: number
}

const BATCH = 5

/** Registers the tests that every mixing of whole batches must pass. */
export function testMixing(options: TestMixingOptions): void {
  const { make, image = toy.image, draws = 3, engine: makeEngine = referenceEngine, tolerance } = options
  const mixing = make()
  const key = foldIn(keyFrom(18), mixing.name)
  const size = sizeOf(image)
  const images = tensor(normal(foldIn(key, 'images'), BATCH * size), [BATCH, ...image])
  const weights = tensor(normal(foldIn(key, 'weights'), BATCH * size), [BATCH, ...image])
  // Every row a class of its own, so that targets tell how much of each row there is.
  const targets = tensor(
    Array.from({ length: BATCH * BATCH }, (_, i) => +(i % BATCH === Math.floor(i / BATCH))),
    [BATCH, BATCH],
  )
  const batch: Batch = { images, targets }
  const drawn = (i: number, from = mixing) => from.draw(foldIn(foldIn(key, 'draw'), i), BATCH, image)
  const look = (at: Batch, draw: Args) => {
    const mixed = mixing.apply(at, draw)
    const seen = sum(mul(weights, add(mixed.images, mul(square(mixed.images), 0.5))))
    return add(seen, sum(square(mixed.targets)))
  }

  describe(`mixing: ${mixing.name}`, () => {
    let engine: Engine
    let apply: (batch: Batch, draw: Args) => Promise<Batch>
    beforeAll(async () => {
      engine = await makeEngine()
      apply = engine.compile('apply', (b: Batch, draw: Args) => mixing.apply(b, draw))
    })

    describe.each(Array.from({ length: draws }, (_, i) => i))('draw %i', (i) => {
      it('is the same with the same key, whatever was drawn before, and survives JSON', async () => {
        const draw = drawn(i)
        drawn(i + 1)
        expect(textOf(drawn(i))).toBe(textOf(draw))
        expect(textOf(drawn(i, make()))).toBe(textOf(draw))
        const again = treeFromJson<Args>(JSON.parse(JSON.stringify(treeToJson(draw))))
        expect(textOf(await apply(batch, again))).toBe(textOf(await apply(batch, draw)))
      })

      it('is applied the same when it is traced again', async () => {
        const other = engine.compile('again', (b: Batch, draw: Args) => mixing.apply(b, draw))
        expect(textOf(await other(batch, drawn(i)))).toBe(textOf(await apply(batch, drawn(i))))
      })

      it('keeps shapes, with finite images and targets that sum to 1', async () => {
        const mixed = await apply(batch, drawn(i))
        expect([mixed.images.shape, mixed.targets.shape]).toEqual([images.shape, targets.shape])
        expectFinite(mixed)
        const values = numbersOf(mixed.targets)
        for (let row = 0; row < BATCH; row++)
          expect(values.slice(row * BATCH, (row + 1) * BATCH).reduce((total, v) => total + v, 0)).toBeCloseTo(1, 5)
      })

      it('mixes targets as it mixes images', async () => {
        const flat = Float32Array.from({ length: BATCH * size }, (_, at) => Math.floor(at / size) ** 2 + 1)
        const mixed = await apply({ images: tensor(flat, [BATCH, ...image]), targets }, drawn(i))
        const [seen, shares] = [numbersOf(mixed.images), numbersOf(mixed.targets)]
        for (let row = 0; row < BATCH; row++) {
          const mean = seen.slice(row * size, (row + 1) * size).reduce((total, v) => total + v, 0) / size
          const told = shares.slice(row * BATCH, (row + 1) * BATCH).reduce((sum, v, j) => sum + v * (j ** 2 + 1), 0)
          expect(mean).toBeCloseTo(told, 3)
        }
      })

      it('has the gradient of finite differences in images and targets', async () => {
        const draw = drawn(i)
        const slope = engine.compile('slope', (at: Batch, d: Args) => grad((b: Batch) => look(b, d), at))
        const gradient = await slope(batch, draw)
        expectGradient<Batch>({ fn: (b) => look(b, draw), at: batch, gradient, ...(tolerance && { tolerance }) })
      })
    })

    it('leaves no tensor behind when its draw is disposed', async () => {
      await leakCheck(() => disposeTree(drawn(0)))
    })
  })
}
