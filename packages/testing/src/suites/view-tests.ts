import { foldIn, keyFrom, mapTree, pixels, sizeOf, tensor, valueAndGrad } from '@haba/core'
import type { Args, Engine, Parameterization, RealSource, Tree } from '@haba/core'
import type { Tensor4D } from '@tensorflow/tfjs-core'
import { beforeAll, describe, expect, it } from 'vitest'
import { seedFrom } from '../toys/toy-data.js'
import { toySet, type ToySetParams } from '../toys/toy-set.js'
import { straightThrough, type Objective } from './straight-through.js'
import { expectNear, numbersOf } from './values.js'

/** What is compared. */
export interface ViewTestsOptions {
  readonly make: () => Objective
  readonly real: RealSource
  readonly engine: () => Engine | Promise<Engine>
  /** Whether a step sees every slot under every view, or under views that are drawn. */
  readonly views: 'all' | 'drawn'
}

const VIEWS = 3

/** Views are ways to see one set: what they show is all that counts, not how it is stored. */
export function testViews({ make, real, engine, views }: ViewTestsOptions): void {
  const objective = make()
  const { image, classes } = real
  const key = foldIn(keyFrom(14), objective.name)
  const stored = toySet({ image, classes, views: VIEWS })
  const { labels, slots } = stored.layout
  const perClass = Array.from({ length: classes }, (_, label) => labels.filter((own) => own === label).length)

  /** The loss and the gradient of a set, with what the same key draws for it. */
  async function lossOf<P extends Tree>(set: Parameterization<P>, at: P) {
    const { params, state } = objective.init(foldIn(key, 'init'))
    const drawn = await make().draw(foldIn(key, 'draw'), { real, layout: set.layout, state })
    const run = (await engine()).compile(`views of ${set.name}`, (p: P, common: Args, items: readonly Args[]) =>
      valueAndGrad(
        (x: P) =>
          straightThrough(objective, { layout: set.layout, render: (rows) => set.render(x, rows) }, params, {
            common,
            items,
          }),
        p,
      ),
    )
    const { value, grad } = await run(at, drawn.common, drawn.items)
    return { loss: numbersOf(value)[0]!, gradient: grad }
  }

  describe('views', () => {
    let params: ToySetParams
    beforeAll(async () => {
      params = await stored.init(foldIn(key, 'set'), seedFrom(real))
    })

    it('has the loss and the gradient of plain pixels on a set whose views are all the identity', async () => {
      const ones = mapTree((x) => tensor(new Float32Array(x.size).fill(1), x.shape), params.scale)
      const zeros = mapTree((x) => tensor(new Float32Array(x.size), x.shape), params.shift)
      const set = await lossOf(stored, { pixels: params.pixels, scale: ones, shift: zeros })
      const plain = await lossOf(pixels({ image, classes, perClass }), { images: params.pixels })
      expect(set.loss).toBeCloseTo(plain.loss, 5)
      expectNear(set.gradient.pixels, plain.gradient.images, 1e-4)
    })

    if (views === 'all') {
      it('has the loss of a set once where every view is there twice', async () => {
        const twice = (x: Tensor4D) => tensor([...x.dataSync(), ...x.dataSync()], [2 * VIEWS, ...image])
        const set = toySet({ image, classes, views: 2 * VIEWS })
        const { loss } = await lossOf(set, { ...params, scale: twice(params.scale), shift: twice(params.shift) })
        expect(loss).toBeCloseTo((await lossOf(stored, params)).loss, 5)
      })

      it('has the loss of plain pixels that are all the images of the set', async () => {
        const [shown, scale, shift] = [params.pixels, params.scale, params.shift].map((x) => x.dataSync())
        const size = sizeOf(image)
        const images = new Float32Array(VIEWS * slots * size)
        // Slots are class-major, and so are the images: those of a slot follow each other, view by view.
        for (let row = 0; row < VIEWS * slots; row++)
          for (let i = 0; i < size; i++) {
            const [slot, view] = [Math.floor(row / VIEWS), row % VIEWS]
            images[row * size + i] = shown![slot * size + i]! * scale![view * size + i]! + shift![view * size + i]!
          }
        const products = pixels({ image, classes, perClass: perClass.map((count) => VIEWS * count) })
        const { loss } = await lossOf(products, { images: tensor(images, [VIEWS * slots, ...image]) })
        expect((await lossOf(stored, params)).loss).toBeCloseTo(loss, 5)
      })
    }
  })
}
