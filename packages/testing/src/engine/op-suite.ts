import type { Scalar, Tensor } from '@tensorflow/tfjs-core'
import { add, foldIn, grad, innerProduct, keyFrom, mul, normal, square, sum, tensor, type Engine } from '@haba/core'
import { expect, it } from 'vitest'
import { randomDirection } from '../directional-derivative.js'
import { expectGradient } from '../expect-gradient.js'
import { doublesOf, inDoubles } from '../reference/evaluate.js'
import { tensorsOf, type OpCase } from './op-case.js'

/** What an engine computes in float32 may be off by this much. */
const VALUE_TOLERANCE = 2e-5
const GRADIENT_TOLERANCE = 1e-3

/** The value, the gradient and the second derivative of an op, against plain loops and finite differences. */
export function testOp(engine: () => Engine, one: OpCase): void {
  it(one.name, async () => {
    const operands = tensorsOf(one)
    const varied = one.operands.map(({ below, fixed }) => below === undefined && !fixed)
    const [at, others] = [operands.filter((_, i) => varied[i]), operands.filter((_, i) => !varied[i])]
    const value = await engine().compile(`value of ${one.name}`, one.fn)(...operands)
    expectValue(value, one, operands)
    if (value.dtype !== 'float32' || at.length === 0) return

    const key = foldIn(keyFrom(4), one.name)
    const weights = tensor(normal(key, value.size), value.shape)
    const along = randomDirection<Tensors>(foldIn(key, 'along'), at)
    // Squared, too: so that what is linear has a second derivative that is not zero.
    const look = (x: Tensors, rest: Tensors): Scalar => {
      const y = one.fn(...merged(varied, x, rest))
      return sum(mul(weights, add(y, mul(square(y), 0.5))))
    }
    const first = (x: Tensors, rest: Tensors) => grad((z: Tensors) => look(z, rest), x)
    const slope = (x: Tensors, rest: Tensors): Scalar => innerProduct(first(x, rest), along)
    const derivatives = engine().compile(`derivatives of ${one.name}`, (x: Tensors, rest: Tensors) => ({
      first: first(x, rest),
      second: grad((z: Tensors) => slope(z, rest), x),
    }))
    const got = await derivatives(at, others)
    expectGradient<Tensors>({ fn: (x) => look(x, others), at, gradient: got.first, tolerance: GRADIENT_TOLERANCE })
    expectGradient<Tensors>({ fn: (x) => slope(x, others), at, gradient: got.second, tolerance: GRADIENT_TOLERANCE })
  })
}

type Tensors = readonly Tensor[]

/** Operands in their places again: those that vary, and the others. */
function merged(varied: readonly boolean[], x: Tensors, rest: Tensors): Tensors {
  const [first, second] = [[...x], [...rest]]
  return varied.map((yes) => (yes ? first : second).shift()!)
}

function expectValue(value: Tensor, one: OpCase, operands: readonly Tensor[]): void {
  const wanted = inDoubles(one.fn, operands)(doublesOf(operands))[0]!
  const got = value.dataSync()
  expect(got.length).toBe(wanted.length)
  const size = Math.max(1e-6, ...wanted.map(Math.abs))
  got.forEach((v, i) =>
    expect(Math.abs(v - wanted[i]!), `element ${i}: got ${v}, plain loops ${wanted[i]}`).toBeLessThanOrEqual(
      VALUE_TOLERANCE * size,
    ),
  )
}
