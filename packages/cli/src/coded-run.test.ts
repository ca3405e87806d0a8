import { decodeTensors } from '@haba/codec'
import { fromSafetensors } from '@haba/core'
import type { Tensor } from '@tensorflow/tfjs-core'
import { mkdtemp, readdir, readFile, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, relative, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import { beforeAll, describe, expect, it } from 'vitest'
import { commandLine } from './command-line.js'
import type { Interruption } from './interruption.js'
import { openSet } from './run/open-set.js'

const sgd = { rate: 0.1, momentum: 0.5 }
const coded = {
  name: 'coded',
  seed: 3,
  data: { use: 'toy' },
  network: { use: 'convnet', depth: 1, width: 4 },
  set: { use: 'factorised', hallucinators: 2, basesPerClass: 4 },
  objective: { use: 'distribution-matching', realPerClass: 4 },
  optimizer: { bases: sgd, hallucinators: sgd },
  steps: 8,
  checkpointEvery: 4,
  evaluate: { protocol: 'dsa', epochs: 3, networks: 2 },
  compare: { random: true, herding: true, selection: { epochs: 1 }, pixels: { optimizer: { images: sgd }, steps: 4 } },
  codec: { bits: 3, groups: 4, refine: 5, during: 0.5, parts: { hallucinators: { bits: 8 } } },
}

let folder: string
let config: string

async function haba(args: readonly string[], until?: string) {
  let text = ''
  const screen = { write: (more: string) => (text += more) }
  const interruption: Interruption = {
    get asked() {
      return until !== undefined && text.includes(until)
    },
  }
  const code = await commandLine(args, { out: screen, err: screen }, interruption)
  return { code, text }
}

async function contents(of: string): Promise<Readonly<Record<string, string>>> {
  const files = (await readdir(of, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile())
  const read = files.map(async ({ parentPath, name }) => [
    relative(of, join(parentPath, name)),
    (await readFile(join(parentPath, name))).toString('base64'),
  ])
  return Object.fromEntries((await Promise.all(read)) as [string, string][])
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'haba-coded-'))
  config = join(folder, 'coded.json')
  const plugin = relative(folder, fileURLToPath(new URL('./toy-plugin.test-data.ts', import.meta.url)))
  await writeFile(config, JSON.stringify({ ...coded, plugins: [plugin.split(sep).join('/')] }))
})

const json = async (...path: readonly string[]) => JSON.parse(await readFile(join(folder, ...path), 'utf8'))

describe('a coded run', () => {
  it('stores what it reports, and measures what the file decodes to', async () => {
    const { code, text } = await haba(['distill', config, '--out', join(folder, 'whole')])
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
      await haba(['distill', config, '--out', run], 'distilling: step 1/8'),
      // Ends after step 4: from the next one on, the set is seen rounded.
      await haba(['distill', '--resume', run], 'distilling: step 3/8'),
      await haba(['distill', '--resume', run], 'distilling: step 5/8'),
      await haba(['distill', '--resume', run], 'refining what is rounded: step 1/5'),
      await haba(['distill', '--resume', run], 'testing HaBa'),
      await haba(['distill', '--resume', run], 'distilling pixels: step 1/4'),
    ]
    for (const { code, text } of ends) expect(code, text).toBe(130)
    const rest = await haba(['distill', '--resume', run])
    expect(rest.code, rest.text).toBe(0)
    expect(await contents(run)).toEqual(await contents(join(folder, 'whole')))
  })

  it('is drawn, and evaluated as it is stored', async () => {
    const run = join(folder, 'whole')
    const before = await contents(run)
    expect((await haba(['show', run])).code).toBe(0)
    expect(await contents(run)).toEqual(before)
    const other = await haba(['evaluate', run, '-n', 'mlp', '--epochs', '1', '--seeds', '1', '--workers', '1'])
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
    const { code, text } = await haba(['distill', file, '--out', join(folder, 'fred')])
    expect(code, text).toBe(0)
    expect((await haba(['show', join(folder, 'fred')])).code).toBe(0)
    const { storage } = await json('fred/set.json')
    const budget = await haba(['budget', file, '--image', '8,8,1', '--classes', '3'])
    expect(budget.code, budget.text).toBe(0)
    const most = /at most ([\d,]+) bytes/.exec(budget.text)![1]!.replaceAll(',', '')
    expect(storage.bytes).toBeLessThanOrEqual(Number(most))
    // 5 bits of at most; scales, groups and headers for the rest.
    expect(storage.bytes).toBeLessThan((storage.floats * 7) / 8 + 120)
    expect(Number(most)).toBeLessThan(1.3 * storage.bytes)
  })

  it('says where a codec cannot be', async () => {
    const file = join(folder, 'wrong.json')
    const { plugins } = JSON.parse(await readFile(config, 'utf8'))
    const write = (codec: unknown) => writeFile(file, JSON.stringify({ ...coded, plugins, steps: 1, codec }))
    await write({ bits: 9 })
    expect((await haba(['distill', file, '--out', join(folder, 'a')])).text).toContain('codec.bits')
    await write({ parts: { basis: { bits: 2 } } })
    const { text } = await haba(['distill', file, '--out', join(folder, 'b')])
    expect(text).toContain('wrong.json: codec: codec: expected parts among bases, hallucinators')
  })
})
