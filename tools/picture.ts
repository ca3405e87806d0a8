/**
 * `npm run picture -- RUN`: the picture of the README, of a run folder of HaBa on MNIST (by default that of `npm start`).
 * It shows bases of a few classes beside what the hallucinators make of them, in one file for light pages and one for dark ones.
 */
import { keyFrom, namedLeaves, tensor } from '@haba/core'
import { setCodec } from '@haba/codec'
import { mnist } from '@haba/datasets'
import { expand } from '@haba/distill'
import { readSet } from '@haba/distill/files'
import { onnxEngine } from '@haba/engine-onnx'
import { factorized, type FactorizedOptions } from '@haba/hallucinator'
import { encodePicture, toPixels, type Pixels } from '@haba/report'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { root } from './packages.js'

/** Which classes are rows. */
const classesShown = [0, 2, 3, 5, 8]
/** Bases of each. */
const basesShown = 3
/** Side of a picture, in units of the SVG. */
const side = 56

const themes = {
  light: { ink: '#1f2328', frame: '#d1d9e0' },
  dark: { ink: '#e6edf3', frame: '#3d444d' },
} as const

/** A basis and its views. */
interface Item {
  readonly basis: Pixels
  readonly views: readonly Pixels[]
}

/** The items of every class that is shown. */
async function itemsOf(folder: string): Promise<readonly (readonly Item[])[]> {
  const { image, classes, preprocessing } = await mnist()
  const config = JSON.parse(await readFile(join(folder, 'config.json'), 'utf8')) as {
    readonly set: Pick<FactorizedOptions, 'basesPerClass' | 'hallucinators' | 'basis'>
  }
  const { basesPerClass, hallucinators, basis } = config.set
  const options = { image, classes, basesPerClass, ...(hallucinators && { hallucinators }), ...(basis && { basis }) }
  const set = factorized(options)
  const like = await set.init(keyFrom(0), async (perClass) => {
    const rows = perClass * classes
    return {
      images: tensor(new Float32Array(rows * 28 * 28), [rows, 28, 28, 1]),
      targets: tensor(new Float32Array(rows * classes), [rows, classes]),
    }
  })
  const { params } = await readSet(folder, like, setCodec())
  const engine = onnxEngine()
  const { images, layout } = await expand(engine, set, params)
  await engine.close()

  const bases = namedLeaves(params).get('bases')!
  const values = bases.dataSync() as Float32Array
  const [, height = 0, width = 0, channels = 0] = bases.shape
  const stored = toPixels({ values, image: [height, width, channels] }).rows
  const seen = toPixels({ values: images, image, invert: preprocessing.invert }).rows
  return classesShown.map((label) =>
    [...layout.labels.keys()]
      .filter((slot) => layout.labels[slot] === label)
      .slice(0, basesShown)
      .map((slot) => ({
        basis: stored[slot]!,
        views: Array.from({ length: layout.views }, (_, view) => seen[view * layout.slots + slot]!),
      })),
  )
}

async function drawing(rows: readonly (readonly Item[])[], theme: keyof typeof themes): Promise<string> {
  const { ink, frame } = themes[theme]
  const [gap, arrow, between, left, top] = [6, 30, 40, 44, 62]
  const { basis, views } = rows[0]![0]!
  const group = side + arrow + views.length * (side + gap) - gap
  const width = left + basesShown * (group + between) - between + 2
  const height = top + rows.length * (side + gap) - gap + 2
  const text = (x: number, y: number, words: string, more = '') =>
    `<text x="${x}" y="${y}" text-anchor="middle" ${more}>${words}</text>`
  const cell = async (picture: Pixels, x: number, y: number) => {
    const { png } = await encodePicture(picture)
    const place = `x="${x}" y="${y}" width="${side}" height="${side}"`
    const data = Buffer.from(png).toString('base64')
    return (
      `<image ${place} style="image-rendering:pixelated" href="data:image/png;base64,${data}"/>` +
      `<rect ${place} fill="none" stroke="${frame}"/>`
    )
  }
  const size = ({ width: w, height: h }: Pixels) => `${w} × ${h}`
  const parts = [
    text(
      width / 2,
      16,
      `stored: bases of ${size(basis)} pixels; seen by networks: a view of ${size(views[0]!)} by each hallucinator`,
      'font-size="14"',
    ),
  ]
  for (let i = 0; i < basesShown; i++) {
    const x = left + i * (group + between)
    const headings = ['basis', ...views.map((_, view) => `view ${view + 1}`)]
    headings.forEach((words, at) =>
      parts.push(text(x + side / 2 + (at > 0 ? arrow - gap : 0) + at * (side + gap), top - 10, words)),
    )
    for (const [row, items] of rows.entries()) {
      const y = top + row * (side + gap)
      if (i === 0) parts.push(text(16, y + side / 2 + 8, `${classesShown[row]!}`, 'font-size="22"'))
      parts.push(await cell(items[i]!.basis, x, y), text(x + side + arrow / 2, y + side / 2 + 6, '→', 'font-size="18"'))
      for (const [view, picture] of items[i]!.views.entries())
        parts.push(await cell(picture, x + side + arrow + view * (side + gap), y))
    }
  }
  const head = `xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}"`
  return `<svg ${head} fill="${ink}" font-family="system-ui, sans-serif" font-size="13">\n${parts.join('\n')}\n</svg>\n`
}

const rows = await itemsOf(process.argv[2] ?? join(root, 'runs/mnist-haba'))
for (const theme of ['light', 'dark'] as const) {
  const file = join(root, `docs/picture-${theme}.svg`)
  await writeFile(file, await drawing(rows, theme))
  console.log(file)
}
