import type { Scalar, Tensor, Tensor4D } from '@tensorflow/tfjs-core'
import {
  crossEntropy,
  disposeTree,
  foldIn,
  grad,
  innerProduct,
  keyFrom,
  mapTree,
  mul,
  normal,
  scalar,
  softmax,
  sub,
  tensor,
  vjp,
  type Engine,
  type Tree,
} from '@haba/core'
import { expect, it } from 'vitest'
import { randomDirection } from '../directional-derivative.js'
import { expectGradient } from '../expect-gradient.js'
import { leakCheck } from '../leak-check.js'
import { expectNear, numbersOf } from '../suites/values.js'
import { tinyNetwork, type TinyWeights } from '../toys/tiny-network.js'

const network = tinyNetwork({ image: [4, 6, 2], width: 3 })
const key = keyFrom(5)
const random = (name: string, shape: readonly number[]) =>
  tensor(
    normal(
      foldIn(key, name),
      shape.reduce((n, length) => n * length, 1),
    ),
    shape,
  )

/** What a student carries and what it is trained with. */
type Point = { readonly weights: TinyWeights; readonly images: Tensor; readonly rate: Tensor }

/** One step of a student, with a static leaf: made of a gradient, so that its own derivative is of second order. */
function studentStep(
  { weights, images, rate }: Point,
  logits: Tensor,
  options: { readonly decay: number },
): TinyWeights {
  const loss = (w: TinyWeights): Scalar =>
    crossEntropy(
      network.apply(w, images as Tensor4D, { kind: 'train', state: {} }).logits,
      softmax(logits) as Parameters<typeof crossEntropy>[1],
    )
  return mapTree((w, g) => sub(mul(w, 1 - options.decay), mul(g, rate)), weights, grad(loss, weights))
}

const pointOf = (name: string): Point => ({
  weights: network.init(foldIn(key, name)).weights,
  images: random(`${name} images`, [3, 4, 6, 2]),
  rate: scalar(0.5),
})

/** `linearize` against `vjp`, and a whole student step against finite differences. */
export function testLinearize(engine: () => Engine): void {
  const logits = random('logits', [3, 3])
  const options = { decay: 0.01 }
  const point = pointOf('one')
  const cotangent = randomDirection(foldIn(key, 'cotangent'), point.weights)
  const pulled = () =>
    engine().compile('vjp', (at: Point, y: Tensor, o: typeof options, ct: TinyWeights) => {
      const { value, pull } = vjp((p: Point) => studentStep(p, y, o), at)
      return { value, gradient: pull(ct) }
    })

  it('differentiates a student step like finite differences', async () => {
    const { gradient } = await pulled()(point, logits, options, cotangent)
    expectGradient<Point>({
      fn: (at) => innerProduct(studentStep(at, logits, options), cotangent),
      at: point,
      gradient,
    })
  })

  it('linearizes to the same value and the same products', async () => {
    const { forward, backward } = engine().linearize('step', studentStep)
    const wanted = await pulled()(point, logits, options, cotangent)
    const { value, kept } = await forward(point, logits, options)
    expectNear(value, wanted.value, 1e-5)
    expectNear(await backward(kept, cotangent), wanted.gradient, 1e-4)
  })

  it('keeps what it needs: through other calls, and for more than one cotangent', async () => {
    const { forward, backward } = engine().linearize('kept', studentStep)
    const other = pointOf('two')
    const [first, second] = [await forward(point, logits, options), await forward(other, logits, options)]
    const doubled = mapTree(
      (x) =>
        tensor(
          x.dataSync<'float32'>().map((v) => 2 * v),
          x.shape,
        ),
      cotangent,
    )
    const once = await backward(first.kept, cotangent)
    const twice = await backward(first.kept, doubled)
    expectNear(
      twice,
      mapTree(
        (x) =>
          tensor(
            x.dataSync<'float32'>().map((v) => 2 * v),
            x.shape,
          ),
        once,
      ),
      1e-5,
    )
    const { gradient } = await pulled()(other, logits, options, cotangent)
    expectNear(await backward(second.kept, cotangent), gradient, 1e-4)
  })

  it('compiles once for all values', async () => {
    const { forward, backward } = engine().linearize('linearized once', studentStep)
    await backward((await forward(point, logits, options)).kept, cotangent)
    const before = engine().stats.compilations
    await backward((await forward(pointOf('three'), logits, options)).kept, cotangent)
    expect(engine().stats.compilations).toBe(before)
  })

  it('leaves no tensor behind but its value, what it keeps, and the product', async () => {
    const { forward, backward } = engine().linearize('clean', studentStep)
    await leakCheck(async () => {
      const { value, kept } = await forward(point, logits, options)
      const product = await backward(kept, cotangent)
      disposeTree(value, kept, product)
    })
    expect(numbersOf(point as Tree).every(Number.isFinite)).toBe(true)
  })

  it('linearizes what does not depend on its parameters, and what is one of them', async () => {
    const { forward, backward } = engine().linearize('plain', (p: Point, y: Tensor) => ({ rate: p.rate, y }))
    const { value, kept } = await forward(point, logits)
    expect(numbersOf(value.rate)).toEqual([0.5])
    const product = await backward(kept, { rate: scalar(3), y: logits })
    expect(numbersOf(product.rate)).toEqual([3])
    expect(numbersOf(product.images).every((v) => v === 0)).toBe(true)
  })
}
