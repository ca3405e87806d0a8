import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { openSet } from './folder/open-set.js'
import { drawClasses } from './made-up-images.test-data.js'
import { runHaba } from './run-haba.test-data.js'

const python = process.env['HABA_PYTHON'] ?? 'python3'
const has = (...modules: readonly string[]) => spawnSync(python, ['-c', `import ${modules.join(', ')}`]).status === 0
const renders = has('numpy', 'safetensors') || process.env['HABA_REQUIRE_SAFETENSORS'] !== undefined
const loads = has('datasets', 'PIL') || process.env['HABA_REQUIRE_DATASETS'] !== undefined

/** Runs a program that prints JSON. */
const said = (program: string, ...args: readonly string[]): unknown =>
  JSON.parse(
    execFileSync(python, ['-c', program, ...args], {
      encoding: 'utf8',
      maxBuffer: 2 ** 28,
      env: { ...process.env, HF_HUB_OFFLINE: '1', HF_HOME: join(folder, 'hugging-face') },
    }),
  )

const sgd = { learningRate: 0.1, momentum: 0.5 }
const toy = {
  seed: 3,
  data: { use: 'image-folder', root: 'data' },
  network: { use: 'convnet', depth: 1, width: 4 },
  objective: { use: 'distribution-matching', realPerClass: 4 },
  steps: 1,
  evaluate: { protocol: 'dsa', epochs: 1, networks: 1 },
  compare: {},
}
const zca = { ...toy.data, preprocessing: 'zca' }
const factorized = { use: 'factorized', initializer: 'released', hallucinators: 3 }
const products = { bases: sgd, hallucinators: sgd }
const images = { images: sgd }

/** A run of each kind. */
const runs = {
  'bases and hallucinators, whitened': { data: zca, set: factorized, optimizer: products },
  coded: { data: zca, set: factorized, optimizer: products, codec: { bits: 5, parts: { bases: { bits: 3 } } } },
  'coded by cosines': {
    set: factorized,
    optimizer: products,
    codec: { transform: 'dct', bytes: 900, parts: { hallucinators: { bits: 8 } } },
  },
  'small bases, enlarged last, hallucinators of each class': {
    set: { ...factorized, basis: [5, 6, 1], sharing: 'per-class', basesPerClass: [1, 2, 1], kernel: 2 },
    optimizer: products,
  },
  'small bases, enlarged first, deep, one scale for a channel': {
    set: {
      ...factorized,
      basis: [4, 4, 3],
      enlarge: 'first',
      hidden: 5,
      layers: 3,
      activation: 'relu',
      padding: 'same',
      modulation: 'channel',
    },
    optimizer: products,
  },
  'bases that are grids': {
    set: { ...factorized, of: { use: 'multi-formation', factor: 2 } },
    optimizer: products,
  },
  'grids that stick out': { set: { use: 'multi-formation', factor: 3, padding: 0.5 }, optimizer: images },
  'pixels with logits': {
    set: { use: 'pixels', perClass: 2, targets: { start: 'hard', stored: 'logits' } },
    objective: { use: 'label-distillation', batch: 3, realBatch: 12 },
    optimizer: { images: sgd, targets: { use: 'adam', learningRate: 0.5 } },
  },
} as const

let folder: string
const at = (name: string) => join(folder, name.replaceAll(/\W+/g, '-'))

async function distilled(name: keyof typeof runs): Promise<string> {
  if (existsSync(at(name))) return at(name)
  const config = `${at(name)}.json`
  await writeFile(config, JSON.stringify({ ...toy, name: 'run', ...runs[name] }))
  const { code, text } = await runHaba(['distill', config, '--out', at(name)])
  expect(code, text).toBe(0)
  return at(name)
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'haba-python-'))
  await drawClasses(join(folder, 'data/train'), { ant: 9, bee: 9, cat: 9 })
  await drawClasses(join(folder, 'data/test'), { ant: 4, bee: 4, cat: 4 }, { seed: 2 })
  // As somebody copies them who has no haba.
  await mkdir(join(folder, 'copied'))
  for (const name of ['haba_set', 'haba_codec', 'haba_dct'])
    await cp(join(import.meta.dirname, `../../codec/python/${name}.py`), join(folder, `copied/${name}.py`))
})

const render = `
import sys; sys.path.insert(0, sys.argv[1])
import json, haba_set
found = haba_set.load(sys.argv[2])
print(json.dumps({name: [str(x.dtype), list(x.shape), x.ravel().tolist()] for name, x in
    [(name, getattr(found, name)) for name in ("images", "targets", "labels", "pixels")]}))`

describe.skipIf(!renders)('haba_set.py', () => {
  it('has under 100 lines', async () => {
    expect((await readFile(join(folder, 'copied/haba_set.py'), 'utf8')).split('\n').length).toBeLessThanOrEqual(100)
  })

  it.each(Object.keys(runs) as (keyof typeof runs)[])('renders %s as haba does', async (name) => {
    const run = await distilled(name)
    const packed = await runHaba(['pack', run])
    expect(packed.code, packed.text).toBe(0)
    const opened = await openSet(run)
    await opened.close()
    const { layout, images, targets } = opened.set
    const { slots, views, image, classes } = layout
    const pixels = opened.preprocessing!.invert(images, image)
    const repeated = <T>(values: Iterable<T>) => Array.from({ length: views }, () => [...values]).flat()
    for (const file of [run, `${run}.haba.safetensors`]) {
      const found = said(render, join(folder, 'copied'), file) as Record<string, [string, number[], number[]]>
      const equal = (part: string, shape: readonly number[], expected: ArrayLike<number>) => {
        const [, own, values] = found[part]!
        expect(own, part).toEqual(shape)
        const far = values.reduce(
          (most, value, i) => Math.max(most, Math.abs(value - expected[i]!) / Math.max(1, Math.abs(value))),
          0,
        )
        expect(far, part).toBeLessThan(1e-5)
      }
      equal('images', [views * slots, ...image], images)
      equal('targets', [views * slots, classes], repeated(targets))
      equal('labels', [views * slots], repeated(layout.labels))
      equal('pixels', [views * slots, ...image], pixels)
      expect(found.images![0]).toBe('float32')
    }
  })

  it('names the kind of a set that it does not render', async () => {
    const run = join(folder, 'other')
    await cp(await distilled('grids that stick out'), run, { recursive: true })
    const manifest = (await readFile(join(run, 'set.json'), 'utf8')).replace(
      '"use": "multi-formation"',
      '"use": "fred"',
    )
    await writeFile(join(run, 'set.json'), manifest)
    expect(() => said(render, join(folder, 'copied'), run)).toThrow('not fred')
  })
})

const loadDataset = `
import json, sys
from datasets import load_dataset
data = load_dataset(sys.argv[1], split="train")
features = data.features
print(json.dumps({
    "rows": len(data), "names": features["label"].names, "kind": type(features["image"]).__name__,
    "labels": data["label"][:], "soft": [list(row) for row in data["soft_label"][:]],
    "pixels": [list(image.convert("RGB").tobytes()) for image in data["image"][:]]}))`

const loadNpz = `
import json, sys
import numpy as np
with np.load(sys.argv[1]) as found:
    print(json.dumps({name: [str(x.dtype), list(x.shape), x.ravel().tolist()] for name, x in found.items()}))`

describe('haba export', () => {
  it.skipIf(!loads)('writes what datasets.load_dataset reads, soft labels too', async () => {
    const run = await distilled('pixels with logits')
    const [out, arrays] = [join(folder, 'hub'), join(folder, 'arrays')]
    const { code, text } = await runHaba(['export', run, '--to', 'huggingface', '--out', out])
    expect(code, text).toBe(0)
    expect((await runHaba(['export', run, '--to', 'npz', '--out', arrays])).code).toBe(0)
    const found = said(loadDataset, out) as Record<string, unknown> & { soft: number[][]; pixels: number[][] }
    const npz = said(loadNpz, join(arrays, 'set.npz')) as Record<string, [string, number[], unknown[]]>
    expect(found).toMatchObject({ rows: 6, names: ['ant', 'bee', 'cat'], kind: 'Image' })
    expect(found.soft.flat()).toEqual(npz.targets![2])
    expect(found.labels).toEqual(npz.y_train![2])
    expect(found.pixels.flat()).toEqual(npz.x_train![2])
  })

  it.skipIf(!renders)('writes what numpy.load reads', async () => {
    const run = await distilled('bases and hallucinators, whitened')
    const out = join(folder, 'npz')
    const { code, text } = await runHaba(['export', run, '--to', 'npz', '--out', out])
    expect(code, text).toBe(0)
    const found = said(loadNpz, join(out, 'set.npz')) as Record<string, [string, number[], unknown[]]>
    const { set } = await openSet(run)
    expect(found.x_train!.slice(0, 2)).toEqual(['uint8', [9, 8, 8, 3]])
    expect(found).toMatchObject({
      y_train: ['int64', [9], [0, 1, 2, 0, 1, 2, 0, 1, 2]],
      values: ['float32', [9, 8, 8, 3], [...set.images]],
      class_names: ['<U3', [3], ['ant', 'bee', 'cat']],
    })
    await rm(out, { recursive: true })
  })
})
