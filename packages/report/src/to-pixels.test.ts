import sharp from 'sharp'
import { describe, expect, it } from 'vitest'
import { preprocessing } from './demo-run.test-data.js'
import { encodePicture } from './picture.js'
import { toPixels } from './to-pixels.js'

describe('toPixels', () => {
  it('undoes the preprocessing and clamps', () => {
    const values = Float32Array.from([-2, 0, 2, -9, 9, 1]) // (pixel - 0.5) / 0.25
    const { rows, caption } = toPixels({ values, image: [1, 2, 3], invert: preprocessing.invert })
    expect(rows).toEqual([{ width: 2, height: 1, rgb: Uint8Array.from([0, 128, 255, 0, 255, 191]) }])
    expect(caption).toContain('clamped')
  })

  it('repeats one channel as gray, row by row', () => {
    const { rows } = toPixels({ values: Float32Array.from([0, 1]), image: [1, 1, 1], invert: (values) => values })
    expect(rows.map((row) => [...row.rgb])).toEqual([
      [0, 0, 0],
      [255, 255, 255],
    ])
  })

  it('scales each basis for itself, robustly, and says so', () => {
    const basis = (offset: number, factor: number) => Array.from({ length: 101 }, (_, at) => offset + factor * at)
    const wild = [...basis(0, 1).slice(0, 100), 1e6]
    const values = Float32Array.from([...basis(-40, 3), ...wild])
    const { rows, caption } = toPixels({ values, image: [101, 1, 1] })
    expect(rows[0]!.rgb[0]).toBe(0)
    expect(rows[0]!.rgb[150]).toBe(128) // the middle
    expect(rows[1]!.rgb[150]).toBe(128) // an outlier does not darken the rest
    expect(rows[1]!.rgb[300]).toBe(255)
    expect(caption).toContain('percentiles 1 and 99')

    const whole = toPixels({ values: Float32Array.from(wild), image: [101, 1, 1], percentiles: [0, 100] })
    expect(whole.rows[0]!.rgb[150]).toBe(0)
    expect(whole.caption).toContain('percentiles 0 and 100')
  })

  it('shows other channel counts as their mean, flat bases mid-gray, and counts what is not finite', () => {
    const two = toPixels({ values: Float32Array.from([0, 1, 1, 1]), image: [1, 2, 2], invert: (values) => values })
    expect([...two.rows[0]!.rgb]).toEqual([128, 128, 128, 255, 255, 255])
    expect(two.caption).toContain('mean of 2 channels')
    expect(toPixels({ values: new Float32Array(4).fill(7), image: [2, 2, 1] }).rows[0]!.rgb[0]).toBe(128)

    const broken = toPixels({
      values: Float32Array.from([NaN, 0, 1, Infinity]),
      image: [2, 2, 1],
      percentiles: [0, 100],
    })
    expect([...broken.rows[0]!.rgb.filter((_, at) => at % 3 === 0)]).toEqual([0, 0, 255, 0])
    expect(broken.caption).toContain('2 values are not finite')
  })

  it('refuses values that are no whole rows, and percentiles out of order', () => {
    expect(() => toPixels({ values: new Float32Array(5), image: [2, 2, 1] })).toThrow(/2×2×1 rows of 4 values, got 5/)
    const values = new Float32Array(4)
    expect(() => toPixels({ values, image: [2, 2, 1], percentiles: [60, 40] })).toThrow(/low < high/)
  })
})

describe('encodePicture', () => {
  it('is lossless', async () => {
    const rgb = Uint8Array.from({ length: 2 * 3 * 3 }, (_, at) => at * 13)
    const { png, width, height } = await encodePicture({ width: 3, height: 2, rgb })
    const { data, info } = await sharp(png).raw().toBuffer({ resolveWithObject: true })
    expect([width, height, info.width, info.height, info.channels]).toEqual([3, 2, 3, 2, 3])
    expect(Uint8Array.from(data)).toEqual(rgb)
  })
})
