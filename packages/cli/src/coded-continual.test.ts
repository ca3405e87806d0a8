import { mkdtemp, readFile, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, relative, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { allowToyPlugin } from './allow-toy-plugin.test-data.js'
import { runHaba } from './run-haba.test-data.js'

describe('haba continual of a coded run', () => {
  it("keeps what a step's classes may take, and compares with images of as many bytes as that took", async () => {
    const folder = await mkdtemp(join(tmpdir(), 'haba-coded-continual-'))
    await allowToyPlugin(folder)
    const sgd = { learningRate: 0.1, momentum: 0.5 }
    const plugin = relative(folder, fileURLToPath(new URL('./toy-plugin.test-data.ts', import.meta.url)))
    const config = {
      name: 'limited',
      plugins: [plugin.split(sep).join('/')],
      data: { use: 'toy' },
      network: { use: 'convnet', depth: 1, width: 4 },
      set: { use: 'factorized', hallucinators: 2, basesPerClass: 4 },
      objective: { use: 'distribution-matching', realPerClass: 4 },
      optimizer: { bases: sgd, hallucinators: sgd },
      steps: 2,
      evaluate: { protocol: 'dsa', epochs: 1, networks: 1 },
      compare: { random: false },
      codec: { transform: 'dct', block: 4, step: 0.05, bytes: 1000, parts: { hallucinators: { transform: 'none' } } },
    }
    await writeFile(join(folder, 'limited.json'), JSON.stringify(config))
    const run = join(folder, 'run')
    const distilled = await runHaba(['distill', join(folder, 'limited.json'), '--out', run])
    expect(distilled.code, distilled.text).toBe(0)
    const { code, text } = await runHaba(['continual', run, '--steps', '2', '--seeds', '1', '--epochs', '1'])
    expect(code, text).toBe(0)
    const { curves } = JSON.parse(await readFile(join(run, 'continual-2.json'), 'utf8'))
    const bytes = Object.fromEntries(
      curves.map((curve: { readonly memory: string; readonly bytes: number }) => [curve.memory, curve.bytes]),
    )
    // Two thirds of the 1,000 bytes for two of three classes, and a third for the other.
    expect(bytes.method).toBeLessThanOrEqual(666 + 333)
    expect(bytes.method).toBeGreaterThan(400)
    for (const memory of ['random', 'herding']) {
      expect(bytes[memory]).toBeLessThanOrEqual(bytes.method)
      // Less than an image more of each class would fit.
      expect(bytes[memory]).toBeGreaterThan(bytes.method - 3 * 65)
    }
  })
})
