import { HabaError } from '../errors.js'

/** The shape that two shapes broadcast to, aligned at their last axes. */
export function broadcastShape(who: string, a: readonly number[], b: readonly number[]): number[] {
  const rank = Math.max(a.length, b.length)
  return Array.from({ length: rank }, (_, i) => {
    const x = a[a.length - rank + i] ?? 1
    const y = b[b.length - rank + i] ?? 1
    if (x !== y && x !== 1 && y !== 1)
      throw new HabaError(who, 'shapes that broadcast', `[${a}] and [${b}]`, 'Reshape one of them.')
    return x === 1 ? y : x
  })
}

export const sameShape = (a: readonly number[], b: readonly number[]): boolean =>
  a.length === b.length && a.every((length, i) => length === b[i])

/** Axes as sorted non-negative numbers; all of them by default. */
export function normalizeAxes(who: string, axes: number | readonly number[] | undefined, rank: number): number[] {
  const list = axes === undefined ? Array.from({ length: rank }, (_, i) => i) : typeof axes === 'number' ? [axes] : axes
  const positive = list.map((axis) => (axis < 0 ? axis + rank : axis))
  if (positive.some((axis) => axis < 0 || axis >= rank) || new Set(positive).size !== positive.length)
    throw new HabaError(who, `distinct axes of a tensor of rank ${rank}`, `[${list}]`, 'Name each axis once.')
  return positive.sort((a, b) => a - b)
}

export function assertShape(who: string, what: string, expected: readonly number[], got: readonly number[]): void {
  if (!sameShape(expected, got))
    throw new HabaError(who, `${what} of shape [${expected}]`, `[${got}]`, 'Check the shapes of the operands.')
}
