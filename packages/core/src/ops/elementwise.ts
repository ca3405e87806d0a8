import type { Rank, Tensor } from '@tensorflow/tfjs-core'
import type { Primitive, PrimitiveAttributes } from '../compile/graph.js'
import { apply } from './apply.js'
import { broadcastTo, sumTo } from './layout.js'
import { fill } from './sources.js'
import { broadcastShape } from './shape.js'

/** A tensor, or a number that stands for a scalar known when the program is made. */
export type Operand = Tensor | number

const asTensor = (x: Operand): Tensor => (typeof x === 'number' ? fill([], x) : x)

type Plain = { [P in Primitive]: PrimitiveAttributes[P] extends Readonly<Record<string, never>> ? P : never }[Primitive]

function unary<R extends Rank>(op: Plain, x: Tensor<R>, derivative?: (dy: Tensor, y: Tensor) => Tensor): Tensor<R> {
  const y: Tensor = apply(op, [x], {}, x.shape, derivative && ((dy) => [() => derivative(dy, y)]))
  return y as Tensor<R>
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
/** `max(x, 0)`; gradient 0 at 0, as PyTorch's. */
export const relu = <R extends Rank>(x: Tensor<R>): Tensor<R> => unary('relu', x, (dy) => mul(dy, step(x)))
/** `1 / (1 + e⁻ˣ)` */
export const sigmoid = <R extends Rank>(x: Tensor<R>): Tensor<R> =>
  unary('sigmoid', x, (dy, y) => mul(dy, mul(y, sub(1, y))))
/** Hyperbolic tangent. */
export const tanh = <R extends Rank>(x: Tensor<R>): Tensor<R> => unary('tanh', x, (dy, y) => mul(dy, sub(1, mul(y, y))))
/** `x²` */
export const square = <R extends Rank>(x: Tensor<R>): Tensor<R> => mul(x, x) as Tensor<R>

function binary<R extends Rank>(
  op: Plain,
  left: Operand,
  right: Operand,
  derivative?: (dy: Tensor, a: Tensor, b: Tensor) => readonly [() => Tensor, () => Tensor],
): Tensor<R> {
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

/** `a + b`, broadcasting. */
export const add = <R extends Rank>(a: Tensor<R> | number, b: Operand): Tensor<R> =>
  binary('add', a, b, (dy) => [() => dy, () => dy])
/** `a - b`, broadcasting. */
export const sub = <R extends Rank>(a: Tensor<R> | number, b: Operand): Tensor<R> =>
  binary('sub', a, b, (dy) => [() => dy, () => neg(dy)])
/** `a · b` element by element, broadcasting. */
export const mul = <R extends Rank>(a: Tensor<R> | number, b: Operand): Tensor<R> =>
  binary('mul', a, b, (dy, x, y) => [() => mul(dy, y), () => mul(dy, x)])
/** `a / b` element by element, broadcasting. */
export const div = <R extends Rank>(a: Tensor<R> | number, b: Operand): Tensor<R> =>
  binary('div', a, b, (dy, x, y) => [() => div(dy, y), () => neg(div(mul(dy, x), mul(y, y)))])
/** The larger of a and b; where they are equal the gradient goes to a. */
export const maximum = <R extends Rank>(a: Tensor<R> | number, b: Operand): Tensor<R> =>
  binary('maximum', a, b, (dy, x, y) => [() => mul(dy, sub(1, greater(y, x))), () => mul(dy, greater(y, x))])
/** The smaller of a and b; where they are equal the gradient goes to a. */
export const minimum = <R extends Rank>(a: Tensor<R> | number, b: Operand): Tensor<R> =>
  binary('minimum', a, b, (dy, x, y) => [() => mul(dy, sub(1, greater(x, y))), () => mul(dy, greater(x, y))])
/** 1 where a > b, else 0, as float32; no gradient. */
export const greater = (a: Operand, b: Operand): Tensor => binary('greater', a, b)
/** 1 where a = b, else 0, as float32; no gradient. */
export const equal = (a: Operand, b: Operand): Tensor => binary('equal', a, b)

/** a where `mask` is not 0, else b; broadcasting. */
export function select<R extends Rank>(mask: Tensor, a: Operand, b: Operand): Tensor<R> {
  const [x, y] = [asTensor(a), asTensor(b)]
  const shape = broadcastShape('select', broadcastShape('select', x.shape, y.shape), mask.shape)
  const operands = [mask, x, y].map((t) => broadcastTo(t, shape))
  const full = operands[0]!
  return apply('select', operands, {}, shape, (dy) => [undefined, () => select(full, dy, 0), () => select(full, 0, dy)])
}

/** float32 ↔ int32 (towards zero); no gradient. */
export const cast = <R extends Rank>(x: Tensor<R>, dtype: 'float32' | 'int32'): Tensor<R> =>
  x.dtype === dtype ? x : apply('cast', [x], {}, x.shape, undefined, dtype)
