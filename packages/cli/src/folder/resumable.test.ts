import { readFileSync } from 'node:fs'
import { mkdtemp, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { beforeAll, describe, expect, it } from 'vitest'
import { readConfig, type ReadConfig } from '../config/read-config.js'
import type { Config } from '../config/config.js'
import { checkHeld, heldHash, mayChangeText } from './resumable.js'

const written = {
  name: 'x',
  data: { use: 'image-folder', root: 'data' },
  network: 'convnet',
  set: { use: 'pixels', perClass: 1 },
  objective: 'distribution-matching',
  games: [],
  optimizer: { images: { learningRate: 1 } },
  steps: 10,
  compare: { pixels: { optimizer: { images: { learningRate: 1 } } } },
}

let begun: ReadConfig
beforeAll(async () => {
  const file = join(await mkdtemp(join(tmpdir(), 'haba-resumable-')), 'x.json')
  await writeFile(file, JSON.stringify(written))
  begun = await readConfig(file)
})

const changed = (change: object): ReadConfig => ({ ...begun, config: { ...begun.config, ...change } as Config })
const check = (change: object) => checkHeld('runs/x', changed(change), written)

describe('a run', () => {
  it('may be resumed with what the list names', () => {
    const { config } = begun
    const free = {
      name: 'y',
      steps: 20,
      checkpointEvery: 3,
      engine: { use: 'onnx-cuda' },
      memory: 'least',
      evaluate: { ...config.evaluate, networks: 1 },
      compare: { ...config.compare, random: false, pixels: { ...config.compare.pixels, steps: 5 } },
      data: { ...config.data, root: '/elsewhere', cache: '/a/file' },
    }
    for (const [name, value] of Object.entries(free)) {
      check({ [name]: value })
      expect(heldHash(changed({ [name]: value })), name).toBe(heldHash(begun))
    }
    check({ compare: { ...config.compare, pixels: undefined } })
  })

  it('is refused with anything else, by name', () => {
    const { config } = begun
    const held = {
      'seed 0, got seed 1': { seed: 1 },
      'data.channels 3, got data.channels 1': { data: { ...config.data, channels: 1 } },
      'network.depth 3, got network.depth 2': { network: { ...config.network, depth: 2 } },
      'optimizer.images.learningRate 1, got optimizer.images.learningRate 2': {
        optimizer: { images: { ...config.optimizer.images, learningRate: 2 } },
      },
      'clipNorm absent, got clipNorm 1': { clipNorm: 1 },
      'compare.pixels.perClass absent, got compare.pixels.perClass 2': {
        compare: { ...config.compare, pixels: { ...config.compare.pixels, perClass: 2 } },
      },
      'compare.pixels.clipNorm absent, got compare.pixels.clipNorm 1': {
        compare: { ...config.compare, pixels: { ...config.compare.pixels, clipNorm: 1 } },
      },
    }
    for (const [message, change] of Object.entries(held))
      expect(() => check(change)).toThrow(`run runs/x: configuration: expected ${message}. Write the values of `)
  })

  it('is documented in the README by the same list', () => {
    const readme = readFileSync(fileURLToPath(new URL('../../README.md', import.meta.url)), 'utf8')
    const [, listed] = /<!-- resumable -->\n\n([^]*)\n\n<!-- \/resumable -->/.exec(readme) ?? []
    expect(listed).toBe(
      mayChangeText()
        .map((line) => `- ${line}`)
        .join('\n'),
    )
  })
})
