import { tensor } from '@haba/core'
import { leakCheck, toyData } from '@haba/testing'
import { expect, it } from 'vitest'
import { selectionAsSet } from './continual.js'
import { imageStrength } from './strength.js'

const real = toyData()
const all = Int32Array.from(real.labels.keys())

it('is 1 of the data itself, and as many times that as the images are multiplied by', async () => {
  const set = await selectionAsSet(real, all)
  expect(await imageStrength(set, real)).toBeCloseTo(1, 6)
  expect(await imageStrength({ ...set, images: set.images.map((v) => -30 * v) }, real)).toBeCloseTo(30, 4)
})

it('looks at no more than a thousand real images, of every part of the source, and frees them', async () => {
  // The last third of 3000 images has twice the RMS.
  const many = {
    ...real,
    labels: new Int32Array(3000),
    images: async (rows: Int32Array) => {
      expect(rows.length).toBe(1000)
      return tensor(
        [...rows].map((row) => (row < 2000 ? 1 : 2)),
        [rows.length, 1, 1, 1],
      )
    },
  } as unknown as typeof real
  const set = { ...(await selectionAsSet(real, all)), images: new Float32Array(12).fill(1) }
  await leakCheck(async () => {
    expect(await imageStrength(set, many)).toBeCloseTo(1 / Math.sqrt((2 + 4) / 3), 2)
  })
})
