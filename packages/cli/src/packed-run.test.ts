import { fromSafetensors, keyFrom, toSafetensors } from '@haba/core'
import { evaluateSet } from '@haba/eval'
import { toTensors } from '@haba/tfjs'
import '@tensorflow/tfjs-backend-cpu'
import { setBackend, type Tensor } from '@tensorflow/tfjs-core'
import { layers, sequential } from '@tensorflow/tfjs-layers'
import { cp, mkdtemp, readdir, readFile, rename, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { openSet } from './folder/open-set.js'
import { drawClasses } from './made-up-images.test-data.js'
import { contentsOf, runHaba } from './run-haba.test-data.js'

const sgd = { learningRate: 0.1, momentum: 0.5 }
const settings = {
  name: 'run',
  seed: 3,
  data: { use: 'image-folder', root: 'data', preprocessing: 'zca' },
  network: { use: 'convnet', depth: 1, width: 4 },
  set: { use: 'factorized', hallucinators: 2 },
  codec: { bits: 6 },
  objective: { use: 'distribution-matching', realPerClass: 4 },
  optimizer: { bases: sgd, hallucinators: sgd },
  steps: 2,
  evaluate: { protocol: 'dsa', epochs: 2, networks: 2 },
  compare: { random: true, qualities: [] },
}
const evaluation = 'evaluation-dsa-ConvNetD1W4-IN-relu-AP.json'
const measured = ['--workers', '1', '--baselines', 'none']

let folder: string
/** One file, somewhere without the run and its data. */
let alone: string
let said: string

const json = async (...path: readonly string[]) => JSON.parse(await readFile(join(...path), 'utf8'))

async function done(...args: readonly string[]): Promise<string> {
  const { code, text } = await runHaba(args)
  expect(code, text).toBe(0)
  return text
}

async function refused(...args: readonly string[]): Promise<string> {
  const { code, text } = await runHaba(args)
  expect(code, text).toBe(1)
  return text
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'haba-packed-'))
  await drawClasses(join(folder, 'data/train'), { ant: 6, bee: 6, cat: 5 })
  await drawClasses(join(folder, 'data/test'), { ant: 4, bee: 4, cat: 4 }, { seed: 2 })
  await drawClasses(join(folder, 'other/train'), { ant: 6, bee: 6, cat: 5 })
  await drawClasses(join(folder, 'other/test'), { ant: 4, bee: 4, cat: 4 }, { seed: 3 })
  await writeFile(join(folder, 'run.json'), JSON.stringify(settings))
  await done('distill', join(folder, 'run.json'), '--out', join(folder, 'run'))
  said = await done('pack', join(folder, 'run'))
  alone = join(await mkdtemp(join(tmpdir(), 'haba-alone-')), 'set.haba.safetensors')
  await cp(join(folder, 'run.haba.safetensors'), alone)
}, 60_000)

describe('haba pack', () => {
  it('makes one file, the same at each time, and says how much of it is what', async () => {
    const bytes = await readFile(alone)
    const { storage } = await json(folder, 'run/set.json')
    expect(said).toContain(
      `${bytes.length.toLocaleString('en-US')} bytes on disk, of which the set is ${storage.bytes.toLocaleString('en-US')}`,
    )
    // Mean, matrix and inverse of 192 values.
    expect(said).toContain(`its preprocessing ${(4 * (192 + 2 * 192 * 192)).toLocaleString('en-US')}`)
    await done('pack', join(folder, 'run'))
    expect(await readFile(join(folder, 'run.haba.safetensors'))).toEqual(bytes)
    // A pack of a pack that lies beside it.
    await done('pack', join(folder, 'run.haba.safetensors'), '--out', join(folder, 'again.safetensors'))
    expect(await readFile(join(folder, 'again.safetensors'))).toEqual(bytes)
  })

  it('holds the manifest as it is, and the tensors of the set under their names', async () => {
    const { metadata, bytes, tensors } = fromSafetensors(alone, await readFile(alone))
    expect(metadata['set.json']).toBe(await readFile(join(folder, 'run/set.json'), 'utf8'))
    const set = fromSafetensors('set', await readFile(join(folder, 'run/set.safetensors')))
    expect([...bytes]).toEqual([...set.bytes])
    expect([...tensors.keys()]).toEqual(['mean', 'transform', 'inverse'].map((name) => `preprocessing.${name}`))
  })

  it('replaces nothing but a pack', async () => {
    const note = join(folder, 'note.safetensors')
    await writeFile(note, 'a note')
    expect(await refused('pack', join(folder, 'run'), '--out', note)).toContain(note)
    await writeFile(note, toSafetensors(new Map()))
    expect(await refused('pack', join(folder, 'run'), '--out', note)).toContain('a file that `haba pack` wrote')
    expect(await refused('pack', join(folder, 'data'))).toContain('a file config.json')
  })
})

describe('a packed run', () => {
  it('is measured as its folder is', async () => {
    await done('evaluate', join(folder, 'run'), ...measured)
    const { accuracies } = await json(folder, 'run', evaluation)
    const { rows } = await json(folder, 'run/result.json')
    expect(accuracies).toEqual(rows.find(({ id }: { id: string }) => id === 'set').accuracies)
    const text = await done('evaluate', alone, ...measured, '--data', join(folder, 'data'))
    expect(text).toContain(alone.replace('.safetensors', '.evaluation-dsa-….json'))
    const own = await json(alone.replace('.safetensors', `.${evaluation}`))
    expect(own).toEqual(await json(folder, 'run', evaluation))
    await done('evaluate', alone, '-w', '1', '-b', 'random', '--data', join(folder, 'data'))
    expect((await json(alone.replace('.safetensors', `.${evaluation}`))).accuracies).toEqual(accuracies)
  })

  it('is opened without data, and tested on those that it was measured on', async () => {
    await rename(join(folder, 'data'), join(folder, 'away'))
    const [packed, whole] = [await openSet(alone), await openSet(join(folder, 'run'))]
    await rename(join(folder, 'away'), join(folder, 'data'))
    expect(packed.set).toEqual(whole.set)
    expect(packed.classNames).toEqual(['ant', 'bee', 'cat'])
    expect(packed.network.name).toBe('ConvNetD1W4-IN-relu-AP')
    const { preprocessing } = packed
    const { image } = packed.set.layout
    const back = preprocessing!.apply(preprocessing!.invert(packed.set.images, image), image)
    packed.set.images.forEach((value, i) => expect(back[i]).toBeCloseTo(value, 3))
    const test = await packed.test(join(folder, 'data'))
    const options = { test, key: keyFrom(1), networks: 1 }
    const here = await whole.test()
    expect(await evaluateSet(packed.set, { ...packed, ...options })).toEqual(
      await evaluateSet(whole.set, { ...whole, ...options, test: here }),
    )
    await expect(packed.test(join(folder, 'other'))).rejects.toThrow('test.content')
    await expect(packed.test()).rejects.toThrow(/data/)
    await packed.close()
    await whole.close()
  })

  it('trains a model of TensorFlow.js', async () => {
    const { set, close } = await openSet(alone)
    await close()
    await setBackend('cpu')
    const { images, targets } = toTensors(set)
    expect(images.shape).toEqual([6, 8, 8, 3])
    const model = sequential({
      layers: [layers.flatten({ inputShape: [8, 8, 3] }), layers.dense({ units: 3, activation: 'softmax' })],
    })
    model.compile({ optimizer: 'adam', loss: 'categoricalCrossentropy' })
    const { history } = await model.fit(images, targets, { epochs: 3, verbose: 0 })
    expect(history.loss!.at(-1)).toBeLessThan(history.loss![0] as number)
  })

  it('is shown and compared', async () => {
    const text = await done('show', alone)
    const { rows } = await json(folder, 'run/result.json')
    for (const { name } of rows) expect(text).toContain(name)
    expect(await readFile(alone.replace('.safetensors', '.report.html'), 'utf8')).toContain('<html')
    expect(text).toContain(alone.replace('.safetensors', '.grid.png'))
    const disk = /on disk .*/.exec(await done('show', join(folder, 'run')))![0]
    const size = async (name: string) => (await readFile(join(folder, 'run', name))).length.toLocaleString('en-US')
    expect(disk).toContain(
      `${await size('set.safetensors')} bytes of the set, ${await size('set.json')} of its manifest`,
    )
    expect(disk).toContain(`${await size('preprocessing.safetensors')} of preprocessing`)
    expect(await done('compare', alone, join(folder, 'run'), '--out', join(folder, 'both.html'))).toContain('equal')
  })

  it('is refused where a folder is needed', async () => {
    for (const args of [
      ['scores', alone],
      ['continual', alone],
      ['search', alone],
      ['distill', '--resume', alone],
    ])
      expect(await refused(...args), args[0]).toContain('expected a run folder, got a file')
    expect(await refused('encode', alone, '--out', join(folder, 'encoded'))).toContain('checkpoint.safetensors')
  })

  it.each([
    ['a flipped bit', (bytes: Buffer) => (bytes[Math.floor(0.9 * bytes.length)]! ^= 1)],
    ['a changed manifest', (bytes: Buffer) => bytes.write('8', bytes.indexOf('"slots') + 12)],
    ['a changed tensor of the set', (bytes: Buffer) => (bytes[Number(bytes.readBigUInt64LE(0)) + 20]! ^= 1)],
  ] as const)('with %s is refused, and named', async (_, damage) => {
    const file = join(folder, 'damaged.safetensors')
    const bytes = await readFile(alone)
    damage(bytes)
    await writeFile(file, bytes)
    const before = await readdir(folder)
    for (const args of [
      ['show'],
      ['evaluate', ...measured, '--data', join(folder, 'data')],
      ['export', '-t', 'npz', '-o', join(folder, 'x')],
    ]) {
      const [command, ...rest] = args
      expect(await refused(command!, file, ...rest), command).toMatch(/damaged\.safetensors.*: expected .*, got /)
    }
    await truncate(file, 100)
    expect(await refused('show', file)).toContain(file)
    expect(await readdir(folder)).toEqual(before)
    await rm(file)
  })

  it('runs no plugin that is not allowed, and has no set but its own', async () => {
    const { metadata, tensors, bytes } = fromSafetensors(alone, await readFile(alone))
    const all = new Map<string, Tensor | Uint8Array>([...tensors, ...bytes])
    const file = join(folder, 'received.safetensors')
    const config = JSON.parse(metadata['config.json']!) as object
    await writeFile(join(folder, 'plugin.mjs'), 'throw new Error("ran")\n')
    const write = (changed: object) =>
      writeFile(file, toSafetensors(all, { ...metadata, 'config.json': JSON.stringify(changed) }))
    await write({ ...config, plugins: ['./plugin.mjs'] })
    expect(await refused('show', file)).toContain('none that you have not allowed')
    await write({ ...config, seed: 4 })
    expect(await refused('show', file)).toContain('seed')
    await rm(file)
  })

  it('leaves the folder as it was', async () => {
    const before = await contentsOf(join(folder, 'run'))
    await done('pack', join(folder, 'run'))
    expect(await contentsOf(join(folder, 'run'))).toEqual(before)
  })
})
