import { HabaError } from '@haba/core'
import sharp from 'sharp'
import { describe, expect, it } from 'vitest'
import { lettering } from './lettering.js'
import { gridLayout, pictureGrid } from './picture-grid.js'
import type { Pixels } from './picture.js'

const flat = (width: number, height: number, color: readonly number[]): Pixels => ({
  width,
  height,
  rgb: Uint8Array.from({ length: width * height * 3 }, (_, at) => color[at % 3]!),
})
const red = [200, 10, 20]
const green = [10, 200, 20]
const blue = [10, 20, 200]

async function decode(png: Uint8Array) {
  const { data, info } = await sharp(png).removeAlpha().raw().toBuffer({ resolveWithObject: true })
  const at = (x: number, y: number) => [...data.subarray(3 * (y * info.width + x), 3 * (y * info.width + x) + 3)]
  return { ...info, data, at }
}

describe('pictureGrid', () => {
  const corner = { ...flat(4, 4, green), rgb: flat(4, 4, green).rgb.slice() }
  corner.rgb.set(blue, 0)
  const rows = [
    { label: 'airplane', basis: flat(2, 2, red), views: [corner, flat(4, 4, blue)] },
    { label: 'a long class name', basis: flat(2, 2, blue), views: [flat(4, 4, red), flat(4, 4, green)] },
  ]

  it('puts every picture where its layout says, enlarged by nearest neighbor', async () => {
    const layout = gridLayout({ rows, scale: 5 })
    const png = await decode(await pictureGrid({ rows, scale: 5 }))
    expect([png.width, png.height]).toEqual([layout.width, layout.height])
    expect(layout.cell).toEqual([20, 20])

    const [basis, first, second] = layout.lefts as [number, number, number]
    const [top, below] = layout.tops as [number, number]
    expect(png.at(basis, top)).toEqual(red) // a 2×2 basis fills the cell of 4×4 images
    expect(png.at(basis + 19, top + 19)).toEqual(red)
    expect(png.at(first, top)).toEqual(blue) // one image pixel is 5×5 in the PNG
    expect(png.at(first + 4, top + 4)).toEqual(blue)
    expect(png.at(first + 5, top)).toEqual(green)
    expect(png.at(second + 19, below + 19)).toEqual(green)
    expect(png.at(basis + 20, top + 10)).toEqual([250, 250, 250])
  })

  it('writes labels left of the rows and above the columns', async () => {
    const layout = gridLayout({ rows, scale: 5 })
    const png = await decode(await pictureGrid({ rows, scale: 5 }))
    const dark = (left: number, top: number, right: number, bottom: number) => {
      let found = 0
      for (let y = top; y < bottom; y++) for (let x = left; x < right; x++) if (png.at(x, y)[0]! < 120) found++
      return found
    }
    for (const top of layout.tops) expect(dark(0, top, layout.lefts[0]! - 4, top + 20)).toBeGreaterThan(20)
    for (const left of layout.lefts) expect(dark(left, 0, left + 20, layout.tops[0]! - 2)).toBeGreaterThan(3)
    expect(layout.lefts[0]).toBeGreaterThan(lettering('a long class name', 12).width)
  })

  it('has only views where nothing else is stored', () => {
    expect(gridLayout({ rows: [{ label: 'cat', views: [flat(4, 4, red)] }] }).lefts).toHaveLength(1)
  })

  it('names what does not fit', async () => {
    const ragged = [...rows, { label: 'bird', basis: flat(2, 2, red), views: [flat(4, 4, red)] }]
    await expect(pictureGrid({ rows: ragged })).rejects.toThrow(/2 instead of 3 in "bird"/)
    await expect(pictureGrid({ rows: [] })).rejects.toThrow(HabaError)
    await expect(pictureGrid({ rows, scale: 0.5 })).rejects.toThrow(/whole scale/)
  })
})

describe('lettering', () => {
  it('gives outlines of the bundled font, no matter which fonts the machine has', () => {
    const { path, width } = lettering('view 0 é ±', 12)
    expect(path).toMatch(/^M/)
    expect(width).toBeGreaterThan(50)
    expect(lettering('', 12)).toEqual({ width: 0, path: '' })
    expect(lettering('view', 24).width).toBeCloseTo(2 * lettering('view', 12).width)
  })
})
