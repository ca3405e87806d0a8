import { checkArguments, HabaError } from '@haba/core'
import sharp from 'sharp'
import { lettering } from './lettering.js'
import type { Pixels } from './picture.js'

/** One slot of a set. */
export interface GridRow {
  /** Such as the class name. */
  readonly label: string
  /** The stored picture; absent for plain pixels, whose only view is the stored picture. */
  readonly basis?: Pixels
  /** The rendered pictures, one per view. */
  readonly views: readonly Pixels[]
}

/** Options of `pictureGrid`. */
export interface PictureGridOptions {
  readonly rows: readonly GridRow[]
  /**
   * Magnification of the largest picture, in pixels of the PNG per pixel along each axis. Smaller pictures (bases at half size)
   * are enlarged by the largest whole factor that fits the same cell.
   * @default 3
   */
  readonly scale?: number
}

/** The positions of a grid's pictures, in pixels of the PNG. */
export interface GridLayout {
  readonly width: number
  readonly height: number
  /** The side lengths of one cell. */
  readonly cell: readonly [width: number, height: number]
  /** The left edge of every column and the top edge of every row. */
  readonly lefts: readonly number[]
  readonly tops: readonly number[]
}

const gap = 4
const margin = 12
const letter = 12
const paper = 250
const ink = '#3d4148'

/** A PNG of bases beside their hallucinated images, one row per slot, enlarged by nearest neighbor, with labels. */
export async function pictureGrid(options: PictureGridOptions): Promise<Uint8Array> {
  const { rows, scale = 3 } = checkArguments('pictureGrid', options, { rows: 'list' })
  const layout = gridLayout({ rows, scale })
  const canvas = new Uint8Array(layout.width * layout.height * 3).fill(paper)
  rows.forEach((row, at) => pictures(row).forEach((picture, column) => paste(canvas, layout, picture, at, column)))
  const raw = { width: layout.width, height: layout.height, channels: 3 } as const
  return sharp(canvas, { raw })
    .composite([{ input: Buffer.from(labels(rows, layout)) }])
    .png({ compressionLevel: 9 })
    .toBuffer()
}

/** The layout of `pictureGrid`. */
export function gridLayout(options: PictureGridOptions): GridLayout {
  const { rows, scale = 3 } = checkArguments('gridLayout', options, { rows: 'list' })
  const all = rows.flatMap(pictures)
  const columns = rows[0] ? pictures(rows[0]).length : 0
  const odd = rows.find((row) => pictures(row).length !== columns || !row.basis !== !rows[0]?.basis)
  if (columns === 0 || odd)
    throw new HabaError(
      'pictureGrid',
      'at least one row, and as many pictures in each as in the first',
      odd ? `${pictures(odd).length} instead of ${columns} in "${odd.label}"` : 'no pictures',
      'Pass the same views for every slot.',
    )
  if (!Number.isInteger(scale) || scale < 1)
    throw new HabaError('pictureGrid', 'a whole scale of at least 1', String(scale), 'Use 3 for 32×32 images.')

  const cellWidth = scale * Math.max(...all.map((picture) => picture.width))
  const cellHeight = scale * Math.max(...all.map((picture) => picture.height))
  const left = margin + Math.ceil(Math.max(...rows.map((row) => lettering(row.label, letter).width))) + 2 * gap
  const apart = rows[0]?.basis ? 3 * gap : 0 // a wider gap between stored and rendered pictures
  const lefts = Array.from({ length: columns }, (_, at) => left + at * (cellWidth + gap) + (at > 0 ? apart : 0))
  const tops = rows.map((_, at) => margin + letter + 2 * gap + at * (cellHeight + gap))
  const width = lefts.at(-1)! + cellWidth + margin
  return { width, height: tops.at(-1)! + cellHeight + margin, cell: [cellWidth, cellHeight], lefts, tops }
}

const pictures = (row: GridRow): readonly Pixels[] => (row.basis ? [row.basis, ...row.views] : row.views)

function paste(canvas: Uint8Array, layout: GridLayout, picture: Pixels, row: number, column: number): void {
  const [cellWidth, cellHeight] = layout.cell
  const factor = Math.floor(Math.min(cellWidth / picture.width, cellHeight / picture.height))
  const left = layout.lefts[column]! + Math.floor((cellWidth - factor * picture.width) / 2)
  const top = layout.tops[row]! + Math.floor((cellHeight - factor * picture.height) / 2)
  for (let y = 0; y < factor * picture.height; y++)
    for (let x = 0; x < factor * picture.width; x++) {
      const from = 3 * (Math.floor(y / factor) * picture.width + Math.floor(x / factor))
      canvas.set(picture.rgb.subarray(from, from + 3), 3 * ((top + y) * layout.width + left + x))
    }
}

/** An SVG of the grid's size with all labels as outlines. */
function labels(rows: readonly GridRow[], { width, height, cell, lefts, tops }: GridLayout): string {
  const [cellWidth, cellHeight] = cell
  const place = (path: string, x: number, y: number) => `<path transform="translate(${x} ${y})" d="${path}"/>`
  const across = lefts.map((left, column) => {
    const text = rows[0]?.basis ? (column === 0 ? 'basis' : `view ${column - 1}`) : `view ${column}`
    const full = lettering(text, letter)
    const shown = full.width <= cellWidth ? full : lettering(text.replace('view ', ''), letter) // narrow cells
    return place(shown.path, left + (cellWidth - shown.width) / 2, margin + letter)
  })
  const down = rows.map((row, at) => {
    const text = lettering(row.label, letter)
    return place(text.path, lefts[0]! - 2 * gap - text.width, tops[at]! + (cellHeight + 0.72 * letter) / 2)
  })
  const size = `width="${width}" height="${height}"`
  return `<svg xmlns="http://www.w3.org/2000/svg" ${size} fill="${ink}">${across.join('')}${down.join('')}</svg>`
}
