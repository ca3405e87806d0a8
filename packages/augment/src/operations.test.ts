import { foldIn, keyFrom, tensor, tensorLeaves, type Args, type Augmentation } from '@haba/core'
import { referenceEngine } from '@haba/testing'
import type { Tensor4D } from '@tensorflow/tfjs-core'
import { describe, expect, it } from 'vitest'
import {
  brightness,
  brightnessDraw,
  contrast,
  contrastDraw,
  crop,
  cropDraw,
  cutout,
  cutoutDraw,
  flip,
  flipDraw,
  rotate,
  rotateDraw,
  saturation,
  saturationDraw,
  scale,
  scaleDraw,
} from './index.js'

/** Row by row 0 … 15. */
const square = [4, 4, 1] as const
const counted = tensor(
  Float32Array.from({ length: 16 }, (_, i) => i),
  [1, ...square],
)

async function changed<D extends Args>({ apply }: Augmentation<D>, draw: D, images: Tensor4D = counted) {
  const result = await referenceEngine().compile('apply', (x: Tensor4D, d: Args) => apply(x, d as D))(images, draw)
  return [...result.dataSync()]
}
const near = (values: readonly number[]) => values.map((value) => expect.closeTo(value, 4) as number)

describe('flip', () => {
  it('mirrors the images whose chance is below the probability', async () => {
    const two = tensor([1, 2, 3, 4, 5, 6, 7, 8], [2, 2, 2, 1])
    expect(await changed(flip(), flipDraw([0.4, 0.6], [2, 2, 1]), two)).toEqual([2, 1, 4, 3, 5, 6, 7, 8])
  })
})

describe('crop', () => {
  it('reads each pixel from a shifted place, zeros outside', async () => {
    expect(await changed(crop(), cropDraw([1], [-2], square))).toEqual([
      ...[0, 0, 4, 5],
      ...[0, 0, 8, 9],
      ...[0, 0, 12, 13],
      ...[0, 0, 0, 0],
    ])
  })

  it('shifts by an eighth of the side at most, both ways, and reaches both ends', () => {
    const { rows } = crop().draw(keyFrom(3), 200, [32, 32, 3])
    const values = rows.dataSync()
    const shifts = Array.from({ length: 200 }, (_, i) => values.subarray((i * 32 + 16) * 32).indexOf(1) - 16)
    expect([Math.min(...shifts), Math.max(...shifts)]).toEqual([-4, 4])
  })
})

describe('scale', () => {
  it('gives the values of the reference', async () => {
    const chanceOf = (step: number) => (step - 1 / 1.2) / (1.2 - 1 / 1.2)
    const values = await changed(scale(), scaleDraw([chanceOf(1.2)], [chanceOf(0.9)], square))
    expect(values.slice(0, 4)).toEqual(near([0.42, 1.5, 2.7, 2.52]))
  })
})

describe('rotate', () => {
  it('gives the values of the reference', async () => {
    const values = await changed(rotate(), rotateDraw([1]))
    expect(values.slice(0, 4)).toEqual(near([0.2912, 1.2952, 3.0933, 3.1536]))
  })
})

describe('cutout', () => {
  it('zeroes a square of half the side, cut off at the border', async () => {
    const inside = await changed(cutout(), cutoutDraw([2], [3], square))
    expect(inside).toEqual([0, 1, 2, 3, 4, 5, 0, 0, 8, 9, 0, 0, 12, 13, 14, 15])
    const corner = await changed(cutout(), cutoutDraw([0], [4], square))
    expect(corner).toEqual([0, 1, 2, 0, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15])
  })

  it('draws centers from one border to the other', () => {
    const { mask } = cutout().draw(keyFrom(4), 300, [32, 32, 3])
    const holes = Array.from({ length: 300 }, (_, i) =>
      mask
        .dataSync<'float32'>()
        .subarray(i * 1024, (i + 1) * 1024)
        .reduce((total, v) => total + 1 - v, 0),
    )
    expect(Math.max(...holes)).toBe(256)
    expect(Math.min(...holes)).toBeLessThan(8 * 16)
  })
})

describe('color', () => {
  const two = tensor([1, 3, 5, 7], [1, 1, 2, 2])

  it('adds, moves from gray, moves from the mean', async () => {
    expect(await changed(brightness(), brightnessDraw([0.75]), two)).toEqual([1.25, 3.25, 5.25, 7.25])
    expect(await changed(saturation(), saturationDraw([0.75]), two)).toEqual([0.5, 3.5, 4.5, 7.5])
    expect(await changed(contrast(), contrastDraw([0]), two)).toEqual([2.5, 3.5, 4.5, 5.5])
  })

  it('does not saturate a single channel', async () => {
    expect(await changed(saturation(), saturationDraw([0.9]))).toEqual(near([...counted.dataSync()]))
  })
})

describe('every operation', () => {
  it('refuses a draw for another number of images', async () => {
    const three = { key: foldIn(keyFrom(5), 'draw'), rows: 3, image: square }
    const all: readonly Augmentation[] = [flip(), crop(), scale(), cutout(), rotate(), brightness()]
    for (const one of all)
      await expect(
        changed(one, one.draw(foldIn(three.key, one.name), three.rows, three.image)),
        one.name,
      ).rejects.toThrow(/3/)
  })

  it('checks its options', () => {
    expect(() => flip({ probability: 2 })).toThrow(/flip: expected probability from 0 to 1, got 2/)
    expect(() => scale({ ratio: 0.5 })).toThrow(/scale/)
    expect(() => cutout({ ratio: -1 })).toThrow(/cutout/)
  })

  it('holds one row where one was drawn', () => {
    for (const leaf of tensorLeaves(crop().draw(keyFrom(6), 1, square))) expect(leaf.shape).toEqual([1, 4, 4])
  })
})
