import type { Rank, Scalar, Tensor } from '@tensorflow/tfjs-core'
import type { Primitive, PrimitiveAttributes } from '../compile/graph.js'
import type { AtMost } from '../tree/ranks.js'
import { apply, stopGradient } from './apply.js'
import { broadcastTo, sumTo } from './layout.js'
import { fill } from './sources.js'
import { broadcastShape } from './shape.js'

/** A tensor, or a number: a scalar constant of the program. */
export type Operand = Tensor | number

const asTensor = (x: Operand): Tensor => (typeof x === 'number' ? fill([], x) : x)

type Plain = { [P in Primitive]: PrimitiveAttributes[P] extends Readonly<Record<string, never>> ? P : never }[Primitive]

function unary<R extends Rank>(op: Plain, x: Tensor<R>, derivative?: (dy: Tensor, y: Tensor) => Tensor): Tensor<R> {
  const y: Tensor<R> = apply(op, [x], {}, x.shape, derivative && ((dy) => [() => derivative(dy, y)]))
  return y
}

/** `-x` */
export const neg = <R extends Rank>(x: Tensor<R>): Tensor<R> => unary('neg', x, (dy) => neg(dy))
/** `eˣ` */
export const exp = <R extends Rank>(x: Tensor<R>): Tensor<R> => unary('exp', x, (dy, y) => mul(dy, y))
/** Natural logarithm. */
export const log = <R extends Rank>(x: Tensor<R>): Tensor<R> => unary('log', x, (dy) => div(dy, x))
/** Square root; its gradient at 0 is infinite, so add an epsilon under the root. */
export const sqrt = <R extends Rank>(x: Tensor<R>): Tensor<R> => unary('sqrt', x, (dy, y) => div(mul(dy, 0.5), y))
/** `1/x` */
export const reciprocal = <R extends Rank>(x: Tensor<R>): Tensor<R> =>
  unary('reciprocal', x, (dy, y) => neg(mul(dy, mul(y, y))))
/** `|x|`; gradient 0 at 0. */
export const abs = <R extends Rank>(x: Tensor<R>): Tensor<R> => unary('abs', x, (dy) => mul(dy, sign(x)))
/** -1, 0 or 1; no gradient. */
export const sign = <R extends Rank>(x: Tensor<R>): Tensor<R> => unary('sign', x)
/** The largest integer not above x; no gradient. */
export const floor = <R extends Rank>(x: Tensor<R>): Tensor<R> => unary('floor', x)
/** 1 where x > 0, else 0; no gradient. */
export const step = <R extends Rank>(x: Tensor<R>): Tensor<R> => unary('step', x)
/** `max(x, 0)`; gradient 0 at 0, as in PyTorch. */
export const relu = <R extends Rank>(x: Tensor<R>): Tensor<R> => unary('relu', x, (dy) => mul(dy, step(x)))
/** `1 / (1 + e⁻ˣ)` */
export const sigmoid = <R extends Rank>(x: Tensor<R>): Tensor<R> =>
  unary('sigmoid', x, (dy, y) => mul(dy, mul(y, sub(1, y))))
/** Hyperbolic tangent. */
export const tanh = <R extends Rank>(x: Tensor<R>): Tensor<R> => unary('tanh', x, (dy, y) => mul(dy, sub(1, mul(y, y))))
/** `x²` */
export const square = <R extends Rank>(x: Tensor<R>): Tensor<R> => mul(x, x)

/** Operands that broadcast to rank R. */
type Beside<R extends Rank> = Tensor<NoInfer<R>> | Tensor<AtMost<NoInfer<R>>> | Scalar | number

/** An operation on two operands that broadcast. The result has the rank of one operand if the other adds no axis. */
interface Binary {
  <R extends Rank>(a: Tensor<R>, b: Beside<R>): Tensor<R>
  <R extends Rank>(a: Beside<R>, b: Tensor<R>): Tensor<R>
  (a: number, b: number): Scalar
  (a: Operand, b: Operand): Tensor
}

function binary(
  op: Plain,
  derivative?: (dy: Tensor, a: Tensor, b: Tensor) => readonly [() => Tensor, () => Tensor],
): Binary {
  function run<R extends Rank>(left: Operand, right: Operand): Tensor<R> {
    const [a, b] = [asTensor(left), asTensor(right)]
    return apply(
      op,
      [a, b],
      {},
      broadcastShape(op, a.shape, b.shape),
      derivative &&
        ((dy) => {
          const [da, db] = derivative(dy, a, b)
          return [() => sumTo(da(), a.shape), () => sumTo(db(), b.shape)]
        }),
    )
  }
  return run
}

/** `a + b`, broadcasting. */
export const add: Binary = binary('add', (dy) => [() => dy, () => dy])
/** `a - b`, broadcasting. */
export const sub: Binary = binary('sub', (dy) => [() => dy, () => neg(dy)])
/** `a · b` element by element, broadcasting. */
export const mul: Binary = binary('mul', (dy, x, y) => [() => mul(dy, y), () => mul(dy, x)])
/** `a / b` element by element, broadcasting. */
export const div: Binary = binary('div', (dy, x, y) => [() => div(dy, y), () => neg(div(mul(dy, x), mul(y, y)))])
/** The larger of a and b; where they are equal the gradient goes to a. */
export const maximum: Binary = binary('maximum', (dy, x, y) => [
  () => mul(dy, sub(1, greater(y, x))),
  () => mul(dy, greater(y, x)),
])
/** The smaller of a and b; where they are equal the gradient goes to a. */
export const minimum: Binary = binary('minimum', (dy, x, y) => [
  () => mul(dy, sub(1, greater(x, y))),
  () => mul(dy, greater(x, y)),
])
/** 1 where a > b, else 0, as float32; no gradient. */
export const greater: Binary = binary('greater')
/** 1 where a = b, else 0, as float32; no gradient. */
export const equal: Binary = binary('equal')

/** a where `mask` is not 0, else b; broadcasting. */
export function where<R extends Rank>(mask: Exclude<Beside<R>, number>, a: Tensor<R>, b: Beside<R>): Tensor<R>
export function where(mask: Tensor, a: Operand, b: Operand): Tensor
export function where(mask: Tensor, a: Operand, b: Operand): Tensor {
  const [x, y] = [asTensor(a), asTensor(b)]
  const shape = broadcastShape('where', broadcastShape('where', x.shape, y.shape), mask.shape)
  const operands = [mask, x, y].map((t) => broadcastTo(t, shape))
  const full = operands[0]!
  return apply('select', operands, {}, shape, (dy) => [undefined, () => where(full, dy, 0), () => where(full, 0, dy)])
}

/** float32 ↔ int32 (toward zero); no gradient. */
export const cast = <R extends Rank>(x: Tensor<R>, dtype: 'float32' | 'int32'): Tensor<R> =>
  x.dtype === dtype ? x : apply('cast', [stopGradient(x)], {}, x.shape, undefined, dtype)
