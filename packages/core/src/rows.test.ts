import { describe, expect, it } from 'vitest'
import { foldIn, keyFrom } from './random/key.js'
import {
  classMajorLabels,
  drawBatches,
  drawPair,
  drawProducts,
  drawSome,
  drawView,
  indicesByClass,
  rowsOf,
  slotsOfClass,
} from './rows.js'
import type { Layout } from './spec/synthetic.js'

const key = keyFrom(3)
const labels = classMajorLabels('test', 3, [2, 1, 4])
const layout: Layout = { image: [2, 2, 1], classes: 3, slots: 7, views: 4, labels }
const sorted = (values: Iterable<number>) => [...values].sort((a, b) => a - b)

describe('layouts', () => {
  it('sort slots by class, of equal or given sizes', () => {
    expect([...labels]).toEqual([0, 0, 1, 2, 2, 2, 2])
    expect([...classMajorLabels('test', 2, 2)]).toEqual([0, 0, 1, 1])
    expect([...slotsOfClass(layout, 2)]).toEqual([3, 4, 5, 6])
    expect(indicesByClass(Int32Array.of(1, 0, 1), 3).map((list) => [...list])).toEqual([[1], [0, 2], []])
  })

  it.each([0, 1.5, -1])('refuse %d images a class, by the name of who asked', (size) => {
    expect(() => classMajorLabels('bases', 2, size)).toThrow(
      'bases: expected a whole number of at least 1 for each of 2 classes',
    )
  })

  it('refuse a size too few', () => {
    expect(() => classMajorLabels('bases', 3, [1, 2])).toThrow('bases: expected')
  })
})

describe('draws', () => {
  it('use every slot up before any comes again', () => {
    const batches = drawBatches(key, layout, 6, 3)
    // Batches of 3 of 7 slots, used from the end: the short one comes first.
    expect(batches.map((batch) => batch.length)).toEqual([1, 3, 3, 1, 3, 3])
    const rounds = [batches.slice(0, 3), batches.slice(3)].map((round) => round.flatMap((batch) => [...batch]))
    for (const round of rounds) expect(sorted(round)).toEqual([0, 1, 2, 3, 4, 5, 6])
    expect(rounds[0]).not.toEqual(rounds[1])
    expect(drawBatches(key, layout, 2, 9).map((batch) => batch.length)).toEqual([7, 7])
  })

  it('pick distinct members, or all of them', () => {
    const from = Int32Array.of(10, 20, 30, 40)
    const some = foldIn(key, 'some')
    expect(new Set(drawSome(some, from, 3)).size).toBe(3)
    expect(sorted(drawSome(some, from, 9))).toEqual([10, 20, 30, 40])
  })

  it('reach every view, and every pair of two', () => {
    const keys = Array.from({ length: 300 }, (_, i) => foldIn(key, i))
    expect(sorted(new Set(keys.map((k) => drawView(k, layout))))).toEqual([0, 1, 2, 3])
    const pairs = new Set(keys.map((k) => drawPair(k, layout).join()))
    expect(pairs.size).toBe(12)
    expect([...pairs].some((pair) => pair[0] === pair[2])).toBe(false)
  })

  it('become int32 tensors', () => {
    const { slots, views } = rowsOf(Int32Array.of(3, 1), 2)
    expect([slots.dtype, views.dtype, views.shape]).toEqual(['int32', 'int32', [2]])
    expect([...slots.dataSync(), ...views.dataSync()]).toEqual([3, 1, 2, 2])
    expect([...rowsOf(Int32Array.of(3, 1), Int32Array.of(0, 2)).views.dataSync()]).toEqual([0, 2])
  })

  it('are every slot under every view, or under some distinct ones', () => {
    const seen = (count: number | 'all') => {
      const { slots, views } = drawProducts(key, layout, Int32Array.of(5, 2), count)
      return [...slots.dataSync()].map((slot, i) => `${slot}/${views.dataSync()[i]}`)
    }
    const all = ['2/0', '2/1', '2/2', '2/3', '5/0', '5/1', '5/2', '5/3']
    expect(seen('all').sort()).toEqual(all)
    expect(seen(9).sort()).toEqual(all)
    expect(new Set(seen(2)).size).toBe(4)
    expect(
      seen(2)
        .filter((row) => row.startsWith('5'))
        .map((row) => row.slice(1)),
    ).toEqual(
      seen(2)
        .filter((row) => row.startsWith('2'))
        .map((row) => row.slice(1)),
    )
  })
})
