import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { existsSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import { beforeAll, describe, expect, it } from 'vitest'
import { allowToyPlugin } from './allow-toy-plugin.test-data.js'
import { openSet } from './folder/open-set.js'
import { contentsOf, runHaba } from './run-haba.test-data.js'

const sgd = { learningRate: 0.1, momentum: 0.5 }
const plain = {
  name: 'plain',
  seed: 3,
  data: { use: 'toy' },
  network: { use: 'convnet', depth: 1, width: 4 },
  set: { use: 'factorized', hallucinators: 2, basesPerClass: 4 },
  objective: { use: 'distribution-matching', realPerClass: 4 },
  optimizer: { bases: sgd, hallucinators: sgd },
  steps: 4,
  checkpointEvery: 4,
  evaluate: { protocol: 'dsa', epochs: 2, networks: 2 },
  compare: { random: true },
}
const codec = { bits: 3, groups: 4, refine: 3, parts: { hallucinators: { bits: 8 } } }
const asked = ['--bits', '3', '--groups', '4', '--refine', '3', '--parts', '{"hallucinators":{"bits":8}}']

let folder: string
const at = (name: string) => join(folder, name)
const configure = async (name: string, more: object = {}) => {
  const plugin = relative(folder, fileURLToPath(new URL('./toy-plugin.test-data.ts', import.meta.url)))
  await writeFile(at(`${name}.json`), JSON.stringify({ ...plain, ...more, plugins: [plugin.split(sep).join('/')] }))
}
const distill = async (name: string, more: object = {}) => {
  await configure(name, more)
  const { code, text } = await runHaba(['distill', at(`${name}.json`), '--out', at(name)])
  expect(code, text).toBe(0)
}
const json = async (...path: readonly string[]) => JSON.parse(await readFile(join(folder, ...path), 'utf8'))
/** Distilling in one go keeps the checkpoint before the last. */
const filesOf = async (name: string) => {
  const files = await contentsOf(at(name))
  return Object.fromEntries(Object.entries(files).filter(([file]) => !/^checkpoint-\d+/.test(file)))
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'haba-encode-'))
  await allowToyPlugin(folder)
  await distill('plain')
  await distill('direct', { codec })
})

describe('haba encode', () => {
  it('writes what distilling with the codec would have written, and leaves the run as it is', async () => {
    const before = await contentsOf(at('plain'))
    const { code, text } = await runHaba(['encode', at('plain'), ...asked])
    expect(code, text).toBe(0)
    expect(text).toContain('plain-3bit')
    expect(await contentsOf(at('plain'))).toEqual(before)

    const { storage } = await json('plain-3bit', 'set.json')
    expect(storage).toMatchObject({ bits: 8 * storage.bytes })
    expect(text).toContain(`bytes became ${storage.bytes}`)
    expect((await json('plain-3bit', 'result.json')).rows).toMatchObject([{ id: 'set', bytes: storage.bytes }])
    const opened = await openSet(at('plain-3bit'))
    await opened.close()
    const rest = await runHaba(['distill', '--resume', at('plain-3bit')])
    expect(rest.code, rest.text).toBe(0)
    const [encoded, direct] = [await filesOf('plain-3bit'), await filesOf('direct')]
    // The section stands in another place of the configuration, which changes no value.
    const valueOf = (name: string, file: string) => {
      const { crc32: _, ...value } = JSON.parse(Buffer.from(file, 'base64').toString('utf8'))
      return name === 'config.json' || name === 'identity.json' ? value : file
    }
    for (const [name, file] of Object.entries(direct))
      if (name.endsWith('.json')) expect(valueOf(name, encoded[name]!), name).toEqual(valueOf(name, file))
      else expect(encoded[name], name).toBe(file)

    for (const args of [
      ['show', at('plain-3bit')],
      ['evaluate', at('plain-3bit'), '--epochs', '1', '--seeds', '1', '--workers', '1'],
      ['compare', at('plain'), at('plain-3bit'), '--out', at('both.html')],
    ]) {
      const used = await runHaba(args)
      expect(used.code, used.text).toBe(0)
    }
  })

  it('encodes a coded run again, from its 32-bit numbers', async () => {
    const out = at('anew')
    const { code, text } = await runHaba(['encode', at('direct'), '--bits', '5', '--out', out])
    expect(code, text).toBe(0)
    await runHaba(['encode', at('plain'), '--bits', '5', '--out', at('first')])
    expect(await readFile(join(out, 'set.safetensors'))).toEqual(await readFile(at('first/set.safetensors')))
  })

  it('goes on after it was stopped anywhere, to the same files', async () => {
    const out = at('stopped')
    const whole = await runHaba(['encode', at('plain'), ...asked, '--out', at('whole')])
    expect(whole.code, whole.text).toBe(0)
    const args = ['encode', at('plain'), ...asked, '--out', out]
    for (const until of ['refining what is rounded: step 1/3', 'testing HaBa'])
      expect((await runHaba(args, until)).code).toBe(130)
    const { code, text } = await runHaba(args)
    expect(code, text).toBe(0)
    expect(await filesOf('stopped')).toEqual(await filesOf('whole'))
  })

  it('is no run until all that it begins with is there', async () => {
    const out = at('killed')
    await cp(at('whole'), out, { recursive: true })
    // A process that was killed before it wrote the configuration, which comes last.
    for (const file of ['config.json', 'identity.json', 'result.json', 'set.json', 'set.safetensors', 'metrics.jsonl'])
      await rm(join(out, file), { force: true })
    expect((await runHaba(['distill', '--resume', out])).text).toContain('expected a file config.json, got none')
    const { code, text } = await runHaba(['encode', at('plain'), ...asked, '--out', out])
    expect(code, text).toBe(0)
    expect(await filesOf('killed')).toEqual(await filesOf('whole'))
  })

  it('refuses by name, before anything is written', async () => {
    const out = at('never')
    const refused = async (expected: string, run: string, ...args: readonly string[]) => {
      const { code, text } = await runHaba(['encode', at(run), '--out', out, ...args])
      expect(code).toBe(1)
      expect(text).toContain(expected)
      expect(existsSync(out)).toBe(false)
    }
    await refused('of the command line: codec.bits', 'plain', '--bits', '9')
    await refused('of the command line: codec.patch', 'plain', '--patch', 'wide')
    await refused('expected parts among bases, hallucinators', 'plain', '--parts', '{"basis":{"bits":2}}')
    await refused('expected at most', 'plain', '--transform', 'dct', '--bytes', '20')
    await configure('half')
    await runHaba(['distill', at('half.json'), '--out', at('half')], 'distilling: step 1/4')
    await refused('expected a finished run of 4 steps, got one whose set was not measured', 'half')
    await distill('rounded', { codec: { ...codec, during: 0.5 } })
    await refused('expected a set that was distilled without rounding', 'rounded')
    await cp(at('direct'), at('light'), { recursive: true })
    await rm(at('light/checkpoint.safetensors'))
    await refused('expected checkpoint.safetensors of step 4, with 32-bit values, got none', 'light')
    await cp(at('direct/checkpoint.safetensors'), at('light/checkpoint.safetensors'))
    await cp(at('light'), at('mixed'), { recursive: true })
    await cp(at('plain/checkpoint.safetensors'), at('mixed/checkpoint.safetensors'))
    await refused('got one of another run', 'mixed')
    const other = await runHaba(['encode', at('plain'), '--out', at('direct')])
    expect(other.text).toContain('expected a new folder, got one that holds another run')
  })
})
