import { expect, it } from 'vitest'
import { reorderAxes } from './reorder.js'

it('brings axes into another order, and back', () => {
  // [2, 3] by rows, then by columns.
  const rows = Float32Array.of(1, 2, 3, 4, 5, 6)
  const columns = reorderAxes(rows, [2, 3], [0, 1], [1, 0])
  expect([...columns]).toEqual([1, 4, 2, 5, 3, 6])
  expect(reorderAxes(columns, [2, 3], [1, 0], [0, 1])).toEqual(rows)
})

it('turns more axes around: every number arrives at its place', () => {
  const shape = [2, 3, 4, 5]
  const values = Int32Array.from({ length: 120 }, (_, i) => i)
  const order = [3, 0, 2, 1]
  const moved = reorderAxes(values, shape, [0, 1, 2, 3], order)
  for (let a = 0; a < 2; a++)
    for (let b = 0; b < 3; b++)
      for (let c = 0; c < 4; c++)
        for (let d = 0; d < 5; d++) expect(moved[((d * 2 + a) * 4 + c) * 3 + b]).toBe(((a * 3 + b) * 4 + c) * 5 + d)
})

it('takes scalars and empty arrays', () => {
  expect([...reorderAxes(Float32Array.of(7), [], [], [])]).toEqual([7])
  expect([...reorderAxes(new Float32Array(0), [0, 3], [0, 1], [1, 0])]).toEqual([])
})
