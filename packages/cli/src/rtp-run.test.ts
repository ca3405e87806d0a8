import { existsSync } from 'node:fs'
import { mkdtemp, readFile, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, relative, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { allowToyPlugin } from './allow-toy-plugin.test-data.js'
import { commandLine } from './command-line.js'
import type { Result } from './folder/result.js'

const folder = await mkdtemp(join(tmpdir(), 'haba-rtp-'))
await allowToyPlugin(folder)
const plugin = relative(folder, fileURLToPath(new URL('./toy-plugin.test-data.ts', import.meta.url)))
const move = { learningRate: 0.1, momentum: 0.5 }

/** RTP by its own objective on 8 × 8 pixels of 3 classes: bases of 16 floats, and 3 floats an address for each of them. */
async function distilled(name: string, bases: number, addresses: number) {
  const config = {
    name,
    plugins: [plugin.split(sep).join('/')],
    data: { use: 'toy' },
    network: { use: 'convnet', depth: 1, width: 4 },
    set: { use: 'rtp', bases, addresses },
    objective: {
      use: 'unrolled-training',
      steps: 3,
      epochs: 1,
      perClass: 2,
      shuffle: true,
      learnRates: false,
      momentum: 0.9,
      realBatch: 8,
    },
    optimizer: { bases: move, addresses: move },
    clipNorm: 2,
    steps: 2,
    evaluate: { protocol: 'rtp', epochs: 2, networks: 1 },
  }
  const file = join(folder, `${name}.json`)
  await writeFile(file, JSON.stringify(config))
  const out = join(folder, name)
  let text = ''
  const screen = { write: (more: string) => (text += more) }
  const code = await commandLine(
    ['distill', file, '--out', out],
    { out: screen, err: screen },
    new AbortController().signal,
  )
  return { code, text, out }
}

describe('a run of RTP', () => {
  it('is distilled, stored, measured under its protocol and compared at equal bytes', async () => {
    const { code, text, out } = await distilled('rtp', 3, 20)
    expect(code, text).toBe(0)
    const { rows } = JSON.parse(await readFile(join(out, 'result.json'), 'utf8')) as Result
    const [set, random] = ['set', 'random'].map((id) => rows.find((row) => row.id === id)!)
    expect(set!.floats).toBe(3 * 16 + 20 * 9)
    // At a byte a value, 228 floats hold 14 images of 64 pixels.
    expect(random!.floats).toBe(14 * 64)
    expect(random!.bytes).toBeLessThanOrEqual(set!.bytes)
    // Its steps were random: there is no sequence to train by.
    expect(existsSync(join(out, 'sequence.json'))).toBe(false)
    const manifest = await readFile(join(out, 'set.json'), 'utf8')
    expect(JSON.parse(manifest)).toMatchObject({ about: { protocol: { name: 'rtp', epochs: 2, weightDecay: 0 } } })
  })

  it('that stores less than one image a class says so before its first step', async () => {
    const { code, text, out } = await distilled('small', 1, 1)
    expect(code).toBe(1)
    expect(text).toContain('expected a set of at least 195 bytes, one image a class, got 79')
    expect(existsSync(join(out, 'metrics.jsonl'))).toBe(false)
  })
})
