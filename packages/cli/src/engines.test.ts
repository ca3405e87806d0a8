import { mkdtemp, readFile, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, relative, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import { beforeAll, describe, expect, it } from 'vitest'
import { allowToyPlugin } from './allow-toy-plugin.test-data.js'
import { commandLine } from './command-line.js'

const sgd = { learningRate: 0.1 }

/** As small as a run can be. */
const toy = {
  name: 'engines',
  data: { use: 'toy' },
  network: { use: 'convnet', depth: 1, width: 4 },
  set: { use: 'factorized', hallucinators: 2 },
  objective: { use: 'distribution-matching', realPerClass: 4 },
  optimizer: { bases: sgd, hallucinators: sgd },
  steps: 2,
  evaluate: { protocol: 'dc', epochs: 1, networks: 1 },
  compare: { random: false },
}

let folder: string
let config: string

async function haba(...args: readonly string[]) {
  let text = ''
  const screen = { write: (more: string) => (text += more) }
  const code = await commandLine(args, { out: screen, err: screen }, new AbortController().signal)
  return { code, text }
}

const distilled = (name: string, engine: string) =>
  haba('distill', config, '--engine', engine, '--out', join(folder, name))
const lossOf = async (name: string): Promise<number> => {
  const [first] = (await readFile(join(folder, name, 'metrics.jsonl'), 'utf8')).split('\n')
  return (JSON.parse(first!) as { readonly loss: number }).loss
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'haba-engines-'))
  await allowToyPlugin(folder)
  config = join(folder, 'toy.json')
  const plugin = relative(folder, fileURLToPath(new URL('./toy-plugin.test-data.ts', import.meta.url)))
  await writeFile(config, JSON.stringify({ ...toy, plugins: [plugin.split(sep).join('/')] }))
})

describe('haba doctor', () => {
  it('lists every engine; of those that do not work it says why and what to install', async () => {
    const { code, text } = await haba('doctor')
    expect(code, text).toBe(0)
    for (const name of ['onnx-webgpu', 'onnx-cuda', 'tensorflow'])
      expect(text).toMatch(new RegExp(`(works|-) +${name} `))
    for (const name of ['onnx-cpu', 'direct-cpu', 'direct-wasm']) expect(text).toMatch(new RegExp(`works +${name} `))
    expect(text).toMatch(/- +direct-webgpu .*\n +Expected a process with navigator.gpu, got none.\n +Browsers have it/)
    // Every engine that does not work has its two lines.
    expect(text.match(/^ {2}- /gm)).toHaveLength(text.match(/^ +Expected .*, got .*\.\n +\S/gm)!.length)
  })
})

describe('--engine', () => {
  it('chooses: tfjs in WebAssembly computes what onnxruntime does', async () => {
    const [onnx, wasm] = [await distilled('onnx', 'onnx-cpu'), await distilled('wasm', 'direct-wasm')]
    for (const { code, text } of [onnx, wasm]) {
      expect(code, text).toBe(0)
      expect(text).not.toContain('instead of')
    }
    const [a, b] = [await lossOf('onnx'), await lossOf('wasm')]
    expect(Math.abs(a - b)).toBeLessThan(1e-4 * Math.abs(a))
    const written = JSON.parse(await readFile(join(folder, 'wasm/config.json'), 'utf8')) as { readonly engine: unknown }
    expect(JSON.stringify(written.engine)).toContain('direct-wasm')
  })

  it('takes the backend of the general form from a configuration', async () => {
    const general = join(folder, 'general.json')
    const read = JSON.parse(await readFile(config, 'utf8')) as object
    await writeFile(general, JSON.stringify({ ...read, engine: { use: 'direct', backend: 'wasm' } }))
    const { code, text } = await haba('distill', general, '--out', join(folder, 'general'))
    expect(code, text).toBe(0)
    expect(text).not.toContain('instead of')
  })

  it('falls back to the default with one line where an engine cannot be had', async () => {
    const { code, text } = await distilled('fallen', 'direct-webgpu')
    expect(code, text).toBe(0)
    expect(text.match(/^Using onnx-cpu instead of direct-webgpu: .*got none\. .*$/gm)).toHaveLength(1)
    expect(await lossOf('fallen')).toBe(await lossOf('onnx'))
    const tested = await haba('evaluate', join(folder, 'fallen'), '--engine', 'onnx-cpu', '-b', 'none')
    expect(tested.code, tested.text).toBe(0)
    expect(tested.text).not.toContain('instead of')
  })

  it('refuses a name that no engine has, and says which was meant', async () => {
    const { code, text } = await distilled('never', 'onnx-webgup')
    expect(code).toBe(1)
    expect(text).toContain('Did you mean "onnx-webgpu"?')
  })
})
