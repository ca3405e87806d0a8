import { decodeTensors } from '@haba/codec'
import { fromSafetensors } from '@haba/core'
import type { Tensor } from '@tensorflow/tfjs-core'
import { mkdtemp, readFile, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, relative, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import { beforeAll, describe, expect, it } from 'vitest'
import { allowToyPlugin } from './allow-toy-plugin.test-data.js'
import { openSet } from './folder/open-set.js'
import { contentsOf, runHaba } from './run-haba.test-data.js'

const sgd = { learningRate: 0.1, momentum: 0.5 }
const coded = {
  name: 'coded',
  seed: 3,
  data: { use: 'toy' },
  network: { use: 'convnet', depth: 1, width: 4 },
  set: { use: 'factorized', hallucinators: 2, basesPerClass: 4 },
  objective: { use: 'distribution-matching', realPerClass: 4 },
  optimizer: { bases: sgd, hallucinators: sgd },
  steps: 8,
  checkpointEvery: 4,
  evaluate: { protocol: 'dsa', epochs: 3, networks: 2 },
  compare: {
    random: true,
    herding: true,
    start: true,
    selection: { epochs: 1 },
    pixels: { optimizer: { images: sgd }, steps: 4 },
  },
  codec: { bits: 3, groups: 4, refine: 5, during: 0.5, parts: { hallucinators: { bits: 8 } } },
}

let folder: string
let config: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'haba-coded-'))
  await allowToyPlugin(folder)
  config = join(folder, 'coded.json')
  const plugin = relative(folder, fileURLToPath(new URL('./toy-plugin.test-data.ts', import.meta.url)))
  await writeFile(config, JSON.stringify({ ...coded, plugins: [plugin.split(sep).join('/')] }))
})

const json = async (...path: readonly string[]) => JSON.parse(await readFile(join(folder, ...path), 'utf8'))

describe('a coded run', () => {
  it('stores what it reports, and measures what the file decodes to', async () => {
    const { code, text } = await runHaba(['distill', config, '--out', join(folder, 'whole')])
    expect(code, text).toBe(0)
    expect(text).toContain('Refined: features differ by')
    const { storage, version, codec, about } = await json('whole/set.json')
    expect({ version, codec }).toEqual({ version: 2, codec: 'haba-codec-1' })
    expect(about.codec).toMatchObject({ bits: 3, patch: 5, groups: 4, refine: 5, during: 0.5 })
    const file = await readFile(join(folder, 'whole/set.safetensors'))
    expect(file.length - 8 - Number(file.readBigUInt64LE(0))).toBe(storage.bytes)
    expect(storage.bytes).toBeLessThan(storage.floats)
    const { rows } = await json('whole/result.json')
    expect(rows.find(({ id }: { id: string }) => id === 'set')).toMatchObject({
      bytes: storage.bytes,
      floats: storage.floats,
    })
    const start = rows.find(({ id }: { id: string }) => id === 'start')
    expect(start).toMatchObject({ name: 'HaBa, not distilled', floats: storage.floats })
    expect((await json('whole/start/set.json')).storage.bytes).toBe(start.bytes)
    const opened = await openSet(join(folder, 'whole'))
    await opened.close()
    const { tensors, bytes } = fromSafetensors('set', file)
    const bases = decodeTensors(new Map<string, Tensor | Uint8Array>([...tensors, ['bases', bytes.get('bases')!]])).get(
      'bases',
    )!
    // Of 3 bits: at most 8 values with one pair of scale and offset.
    expect(new Set(bases.dataSync()).size).toBeLessThanOrEqual(4 * 8)
  })

  it('is the same run after interruptions in every part of it', async () => {
    const run = join(folder, 'parts')
    const ends = [
      await runHaba(['distill', config, '--out', run], 'distilling: step 1/8'),
      // Ends after step 4: from the next one on, the set is seen rounded.
      await runHaba(['distill', '--resume', run], 'distilling: step 3/8'),
      await runHaba(['distill', '--resume', run], 'distilling: step 5/8'),
      await runHaba(['distill', '--resume', run], 'refining what is rounded: step 1/5'),
      await runHaba(['distill', '--resume', run], 'testing HaBa'),
      await runHaba(['distill', '--resume', run], 'distilling pixels: step 1/4'),
    ]
    for (const { code, text } of ends) expect(code, text).toBe(130)
    const rest = await runHaba(['distill', '--resume', run])
    expect(rest.code, rest.text).toBe(0)
    expect(await contentsOf(run)).toEqual(await contentsOf(join(folder, 'whole')))
  })

  it('is drawn, and evaluated as it is stored', async () => {
    const run = join(folder, 'whole')
    const before = await contentsOf(run)
    expect((await runHaba(['show', run])).code).toBe(0)
    expect(await contentsOf(run)).toEqual(before)
    const other = await runHaba(['evaluate', run, '-n', 'mlp', '--epochs', '1', '--seeds', '1', '--workers', '1'])
    expect(other.code, other.text).toBe(0)
  })

  it('keeps the masks of frequencies as they are, and tells before a run what it takes at most', async () => {
    const file = join(folder, 'fred.json')
    const { plugins } = JSON.parse(await readFile(config, 'utf8'))
    const set = { use: 'fred', imagesPerClass: 2, coefficients: 16 }
    const optimizer = { coefficients: sgd }
    const codec = { bits: 5, groups: 8 }
    const compare = { random: false }
    await writeFile(file, JSON.stringify({ ...coded, plugins, set, optimizer, steps: 1, codec, compare }))
    const { code, text } = await runHaba(['distill', file, '--out', join(folder, 'fred')])
    expect(code, text).toBe(0)
    expect((await runHaba(['show', join(folder, 'fred')])).code).toBe(0)
    const { storage } = await json('fred/set.json')
    const budget = await runHaba(['budget', file, '--image', '8,8,1', '--classes', '3'])
    expect(budget.code, budget.text).toBe(0)
    const most = /at most ([\d,]+) bytes/.exec(budget.text)![1]!.replaceAll(',', '')
    expect(storage.bytes).toBeLessThanOrEqual(Number(most))
    // 5 bits of at most; scales, groups and headers for the rest.
    expect(storage.bytes).toBeLessThan((storage.floats * 7) / 8 + 120)
    expect(Number(most)).toBeLessThan(1.3 * storage.bytes)
  })

  it('is coded in every step of continual learning', async () => {
    const run = join(folder, 'whole')
    const { code, text } = await runHaba(['continual', run, '--steps', '2', '--seeds', '1', '--epochs', '1'])
    expect(code, text).toBe(0)
    const { curves } = await json('whole/continual-2.json')
    const [method, random] = curves as readonly { readonly floats: number; readonly bytes: number }[]
    // 3 and 8 bits a value, and what codes them.
    expect(method!.bytes).toBeLessThan(method!.floats)
    expect(random!.bytes).toBeLessThanOrEqual(1.6 * method!.bytes)
  })

  it('takes no more bytes than it may as coefficients, rounded from the middle of the run on', async () => {
    const { plugins } = JSON.parse(await readFile(config, 'utf8'))
    const parts = { hallucinators: { transform: 'none', bits: 8 } }
    const codec = { transform: 'dct', block: 4, step: 0.05, bytes: 700, during: 0.5, parts }
    const file = join(folder, 'dct.json')
    const write = (of: object) => writeFile(file, JSON.stringify({ ...coded, plugins, name: 'dct', codec: of }))
    await write(codec)
    expect((await runHaba(['budget', file, '--image', '8,8,1', '--classes', '3'])).text).toContain('at most 700 bytes')
    const run = join(folder, 'dct')
    const { code, text } = await runHaba(['distill', file, '--out', run])
    expect(code, text).toBe(0)
    const [set, pixels] = [await json('dct/set.json'), await json('dct/pixels/set.json')]
    expect(set.storage.bytes).toBeLessThanOrEqual(700)
    expect(set.storage.bytes).toBeGreaterThan(500)
    expect(pixels.storage.bytes).toBeLessThanOrEqual(set.storage.bytes)
    expect((await readFile(join(run, 'set.safetensors'))).length).toBeGreaterThan(set.storage.bytes)
    const opened = await openSet(run)
    await opened.close()

    const many = { ...coded.compare, pixels: { ...coded.compare.pixels, perClass: 6 } }
    await writeFile(file, JSON.stringify({ ...coded, plugins, name: 'many', codec, compare: many }))
    expect((await runHaba(['distill', file, '--out', join(folder, 'many')])).text).toContain('18 images')
    expect((await json('many/pixels/set.json')).storage.bytes).toBeLessThanOrEqual(700)
    await writeFile(file, JSON.stringify({ ...coded, plugins, name: 'many', compare: many }))
    expect((await runHaba(['distill', file, '--out', join(folder, 'wrong-many')])).text).toContain(
      'compare.pixels.perClass',
    )

    await write({ transform: 'dct' })
    const without = await runHaba(['distill', file, '--out', join(folder, 'without')])
    expect(without.text).toContain('expected "bytes" beside "transform": "dct", got none')
    await write({ ...codec, refine: 3 })
    const refined = await runHaba(['distill', file, '--out', join(folder, 'refined')])
    expect(refined.text).toContain('expected refine 0 beside "transform": "dct", got 3')
    expect(refined.text).not.toContain('distilling')
  })

  it('says where a codec cannot be', async () => {
    const file = join(folder, 'wrong.json')
    const { plugins } = JSON.parse(await readFile(config, 'utf8'))
    const write = (codec: unknown) => writeFile(file, JSON.stringify({ ...coded, plugins, steps: 1, codec }))
    await write({ bits: 9 })
    expect((await runHaba(['distill', file, '--out', join(folder, 'a')])).text).toContain('codec.bits')
    await write({ parts: { basis: { bits: 2 } } })
    const { text } = await runHaba(['distill', file, '--out', join(folder, 'b')])
    expect(text).toContain('wrong.json: codec: codec: expected parts among bases, hallucinators')
  })
})
