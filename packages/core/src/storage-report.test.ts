import { describe, expect, it } from 'vitest'
import type { Layout } from './spec/synthetic.js'
import { storageOf, storageReport } from './storage-report.js'
import { tensor } from './tree/host.js'

const layout: Layout = { image: [2, 2, 1], classes: 2, slots: 3, views: 1, labels: Int32Array.of(0, 0, 1) }
const floats = (...shape: number[]) => tensor(new Float32Array(shape.reduce((a, b) => a * b, 1)), shape)

describe('storageOf', () => {
  it('counts tensors by their first name, fixed ones apart and packed, and labels', () => {
    const params = {
      bases: { left: floats(3, 2), right: floats(3, 4), mask: tensor(Int32Array.of(1, 2, 0, 99), [2, 2]) },
      order: tensor(Int32Array.of(2, 0, 1), [3]),
      rate: floats(),
    }
    const { parts, ...total } = storageOf({ layout, indexSets: { 'bases.mask': { below: 100 } } }, params)
    expect(parts).toEqual([
      { name: 'bases', floats: 18, bytes: 72 },
      { name: 'bases.mask', floats: 0, bytes: 4 }, // 2 · 2 · 7 bits in a word
      { name: 'order', floats: 0, bytes: 12 },
      { name: 'rate', floats: 1, bytes: 4 },
      { name: 'labels', floats: 0, bytes: 2 },
    ])
    expect(total).toEqual({ floats: 19, bits: 8 * 94, bytes: 94 })
  })

  it('is what the parameterization says, where it says something', () => {
    const own = {
      layout,
      bytes: 7,
      storage() {
        return storageReport([{ name: 'all', floats: 1, bytes: this.bytes }])
      },
    }
    expect(storageOf(own, { images: floats(3, 2, 2, 1) })).toMatchObject({ floats: 1, bytes: 7 })
  })
})
