import { imageFolder, npz, parquet } from '@haba/datasets'
import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import type { ExportedSet } from './export/exported-set.js'
import { toImageFolder } from './export/to-images.js'
import { openSet, type OpenSet } from './folder/open-set.js'
import { drawClasses } from './made-up-images.test-data.js'
import { contentsOf, runHaba } from './run-haba.test-data.js'

const settings = {
  name: 'run',
  seed: 3,
  data: { use: 'image-folder', root: 'data' },
  network: { use: 'convnet', depth: 1, width: 4 },
  set: { use: 'factorized', initializer: 'released', hallucinators: 2 },
  objective: { use: 'distribution-matching', realPerClass: 4 },
  optimizer: {
    bases: { learningRate: 0.1, momentum: 0.5 },
    hallucinators: { learningRate: 0.1, momentum: 0.5 },
  },
  steps: 1,
  evaluate: { protocol: 'dsa', epochs: 1, networks: 1 },
  compare: {},
}
const soft = {
  ...settings,
  name: 'soft',
  set: { use: 'pixels', targets: { start: 'uniform', stored: 'logits' } },
  objective: { use: 'label-distillation', batch: 3, realBatch: 12 },
  optimizer: { images: { learningRate: 0 }, targets: { use: 'adam', learningRate: 0.5 } },
}

let folder: string
let opened: OpenSet
/** Every view of every slot as bytes, row `view · slots + slot`. */
let pixels: Uint8Array
const size = 8 * 8 * 3

const at = (...path: readonly string[]) => join(folder, ...path)

async function done(...args: readonly string[]): Promise<string> {
  const { code, text } = await runHaba(args)
  expect(code, text).toBe(0)
  return text
}

const exported = (run: string, to: string, name = to) => done('export', run, '--to', to, '--out', at(name))

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'haba-export-'))
  await drawClasses(at('data/train'), { ant: 6, bee: 6, cat: 6 })
  await drawClasses(at('data/test'), { ant: 4, bee: 4, cat: 4 }, { seed: 2 })
  await writeFile(at('run.json'), JSON.stringify(settings))
  await writeFile(at('soft.json'), JSON.stringify(soft))
  for (const name of ['run', 'soft']) await done('distill', at(`${name}.json`), '--out', at(name))
  await done('pack', at('run'))
  opened = await openSet(at('run'))
  await opened.close()
  const unit = opened.preprocessing!.invert(opened.set.images, opened.set.layout.image)
  pixels = Uint8Array.from(unit, (value) => Math.round(255 * Math.min(1, Math.max(0, value))))
}, 60_000)

const row = (view: number, slot: number) => pixels.subarray((view * 3 + slot) * size, (view * 3 + slot + 1) * size)

describe('haba export', () => {
  it('writes a folder for each class that imageFolder reads, of a folder and of a file', async () => {
    const text = await exported(at('run'), 'imagefolder')
    const outside = pixels.filter((value) => value === 0 || value === 255).length / pixels.length
    const [, share] = /([\d.]+) % of values lay outside of 0 … 255 and were clamped/.exec(text)!
    expect(Number(share)).toBeGreaterThan(0)
    expect(Number(share)).toBeLessThanOrEqual(100 * outside + 0.01)
    await exported(at('run.haba.safetensors'), 'imagefolder', 'again')
    expect(await contentsOf(at('again'))).toEqual(await contentsOf(at('imagefolder')))
    const { train, classNames } = await imageFolder({ root: at('imagefolder'), testFraction: 0.5 })
    expect(classNames).toEqual(['ant', 'bee', 'cat'])
    expect(train.labels.length).toBe(3)
    expect(await readdir(at('imagefolder/bee'))).toEqual(['00001-000.png', '00001-001.png'])
    const { default: sharp } = await import('sharp')
    for (const view of [0, 1])
      expect(
        new Uint8Array(
          await sharp(at(`imagefolder/bee/00001-00${view}.png`))
            .raw()
            .toBuffer(),
        ),
      ).toEqual(row(view, 1))
  })

  it('writes PNGs with their labels', async () => {
    await exported(at('run'), 'png')
    const lines = (await readFile(at('png/labels.csv'), 'utf8')).split('\n')
    expect(lines.slice(0, 3)).toEqual(['file,label,class', '00000-000.png,0,ant', '00001-000.png,1,bee'])
    expect(lines).toHaveLength(8)
    await exported(at('soft'), 'png', 'soft-png')
    const [head, first] = (await readFile(at('soft-png/labels.csv'), 'utf8')).split('\n').map((line) => line.split(','))
    expect(head).toEqual(['file', 'label', 'class', 'ant', 'bee', 'cat'])
    expect(first!.slice(3).reduce((sum, value) => sum + Number(value), 0)).toBeCloseTo(1, 5)
  })

  it('writes arrays that npz reads', async () => {
    await exported(at('run'), 'npz')
    const { train } = await npz({ file: at('npz/set.npz'), testFraction: 0.5 })
    expect(train.image).toEqual([8, 8, 3])
    const found = await train.pixels!(Int32Array.of(0, 1, 2))
    const all = [0, 1].flatMap((view) => [0, 1, 2].map((slot) => `${row(view, slot)}`))
    for (let i = 0; i < 3; i++) expect(all).toContain(`${found!.subarray(i * size, (i + 1) * size)}`)
    const again = await exported(at('run'), 'npz', 'npz-again')
    expect(again).toContain(at('npz-again'))
    expect(await contentsOf(at('npz-again'))).toEqual(await contentsOf(at('npz')))
  })

  it('writes parquet that parquet reads, with a card', async () => {
    const text = await exported(at('soft'), 'huggingface')
    expect(text).toContain('with soft labels')
    await mkdir(at('hub/data'), { recursive: true })
    for (const split of ['train', 'test'])
      await cp(at('huggingface/data/train-00000-of-00001.parquet'), at(`hub/data/${split}-00000-of-00001.parquet`))
    const { train, classNames } = await parquet({ folder: at('hub') })
    expect(classNames).toEqual(['ant', 'bee', 'cat'])
    expect(train.labels.length).toBe(3)
    const card = await readFile(at('huggingface/README.md'), 'utf8')
    const { rows } = JSON.parse(await readFile(at('soft/result.json'), 'utf8'))
    expect(card).toMatch(/^---\npretty_name: "soft"\n[^]*'1': "bee"[^]*\n---\n/)
    expect(card).toContain(`reach ${(100 * rows[0].mean).toFixed(2)} ± `)
    expect(card).toContain('were clamped')
  })

  it('says where labels lose something', async () => {
    expect(await exported(at('soft'), 'imagefolder', 'lost')).toContain('soft labels became the most probable class')
  })

  it('lets no name of a class lead out of the folder, and keeps two names apart', async () => {
    const classNames = ['../../up', 'a/b', 'a%2Fb', '.hidden', 'CON: "x"', '']
    const set = { classNames, labels: classNames.map((_, i) => i), rows: 6, slots: 6, image: [1, 1, 1] }
    await mkdir(at('names/inner'), { recursive: true })
    await toImageFolder(
      { ...set, pixels: Uint8Array.of(0, 1, 2, 3, 4, 5) } as unknown as ExportedSet,
      at('names/inner'),
    )
    expect(await readdir(at('names'))).toEqual(['inner'])
    expect((await readdir(at('names/inner'))).sort()).toEqual(
      ['%', '%2E.%2F..%2Fup', '%2Ehidden', 'CON%3A %22x%22', 'a%252Fb', 'a%2Fb'].sort(),
    )
  })

  it('replaces no files, and names formats and options', async () => {
    await mkdir(at('used'))
    await writeFile(at('used/note.txt'), 'a note')
    const { code, text } = await runHaba(['export', at('run'), '--to', 'png', '--out', at('used')])
    expect([code, text]).toEqual([1, expect.stringContaining('expected a new or empty folder')])
    expect(await readdir(at('used'))).toEqual(['note.txt'])
    // Somebody's own folder, whatever its name.
    await mkdir(at('fresh.partial'))
    await writeFile(at('fresh.partial/note.txt'), 'a note')
    await done('export', at('run'), '--to', 'npz', '--out', at('fresh'))
    expect(await readdir(at('fresh.partial'))).toEqual(['note.txt'])
    expect(await readdir(at('fresh'))).toEqual(['set.npz'])
    await rm(at('fresh.partial'), { recursive: true })
    expect((await runHaba(['export', at('run'), '--to', 'jpeg', '--out', at('x')])).text).toContain('huggingface')
    expect((await runHaba(['export', at('run'), '--to', 'png'])).text).toContain('--out')
    expect(await done('export', '--help')).toContain('clamped')
    expect((await readdir(folder)).filter((name) => name.includes('partial'))).toEqual([])
  })
})
