import { HabaError } from '@haba/core'
import { identity, imageFolder } from '@haba/datasets'
import { zipSync } from 'fflate'
import { cp, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { imagesAsSet } from './measure/images-set.js'
import { drawClasses } from './made-up-images.test-data.js'
import { runHaba } from './run-haba.test-data.js'

/** Real images that are not moved: what they are as pixels is what was measured. */
const settings = {
  name: 'run',
  seed: 3,
  data: { use: 'image-folder', root: 'data' },
  network: { use: 'convnet', depth: 1, width: 4 },
  set: { use: 'pixels', perClass: 2 },
  objective: { use: 'distribution-matching', realPerClass: 4 },
  optimizer: { images: { learningRate: 0 } },
  steps: 1,
  evaluate: { protocol: 'dsa', epochs: 3, networks: 2 },
  compare: {},
}
const runs = {
  real: settings,
  moved: { ...settings, name: 'moved', optimizer: { images: { learningRate: 10 } } },
  soft: {
    ...settings,
    name: 'soft',
    set: { use: 'pixels', perClass: 2, targets: { start: 'uniform', stored: 'logits' } },
    objective: { use: 'label-distillation', batch: 3, realBatch: 12 },
    optimizer: { images: { learningRate: 0 }, targets: { use: 'adam', learningRate: 0.5 } },
  },
} as const
const network = 'ConvNetD1W4-IN-relu-AP'

let folder: string
const at = (...path: readonly string[]) => join(folder, ...path)
const json = async (...path: readonly string[]) => JSON.parse(await readFile(at(...path), 'utf8'))

async function done(...args: readonly string[]): Promise<string> {
  const { code, text } = await runHaba(args)
  expect(code, text).toBe(0)
  return text
}

async function refused(...args: readonly string[]): Promise<string> {
  const { code, text } = await runHaba(args)
  expect(code, text).toBe(1)
  return text.trim().split('\n').at(-1)!
}

const measuredIn = async (run: string) =>
  (await json(run, 'result.json')).rows.find(({ id }: { id: string }) => id === 'set').accuracies as number[]

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'haba-images-'))
  await drawClasses(at('data/train'), { ant: 6, bee: 6, cat: 6 })
  await drawClasses(at('data/test'), { ant: 8, bee: 8, cat: 8 }, { seed: 2 })
  for (const [name, config] of Object.entries(runs)) {
    await writeFile(at(`${name}.json`), JSON.stringify(config))
    await done('distill', at(`${name}.json`), '--out', at(name))
  }
}, 60_000)

describe('haba evaluate --config', () => {
  it('measures a folder of PNGs as the run that they are from', async () => {
    await done('export', at('real'), '--to', 'imagefolder', '--out', at('folder'))
    const text = await done('evaluate', at('folder'), '--config', at('real.json'))
    expect(text).toContain(`${at('folder')}: 6 images, 1,152 bytes as uint8`)
    const found = await json(`folder.evaluation-dsa-${network}.json`)
    expect(found.accuracies).toEqual(await measuredIn('real'))
    expect(found.identity.parts.test).toEqual((await json('real/set.json')).about.identity.parts.test)
  })

  it.each(['moved', 'soft'] as const)('measures the values of an .npz file as the run %s', async (run) => {
    await done('export', at(run), '--to', 'npz', '--out', at(`${run}-npz`))
    await done('evaluate', at(`${run}-npz/set.npz`), '--config', at(`${run}.json`))
    const { accuracies } = await json(`${run}-npz/set.evaluation-dsa-${network}.json`)
    expect(accuracies).toEqual(await measuredIn(run))
  })

  it('tests other networks, chooses rates, and takes data from elsewhere', async () => {
    await rename(at('data'), at('away'))
    const chooses = { ...settings.evaluate, protocol: 'ours', learningRates: [0.001, 0.1], trialNetworks: 1 }
    await writeFile(at('chooses.json'), JSON.stringify({ ...settings, evaluate: chooses }))
    const args = ['--config', at('chooses.json'), '-n', 'mlp,convnet', '--data', at('away')]
    const text = await done('evaluate', at('folder'), ...args, '--seeds', '1', '--epochs', '1')
    await rename(at('away'), at('data'))
    expect(text).toContain('chosen on validation data')
    expect(text).toMatch(/MLP/)
  })

  it('refuses what is no such set, and says why', async () => {
    const config = ['--config', at('real.json')]
    expect(await refused('evaluate', at('nowhere'), ...config)).toContain('an .npz file, got nothing')
    expect(await refused('evaluate', at('real.json'), ...config)).toContain('got another file')
    expect(await refused('evaluate', at('folder'), ...config, '-w', '2')).toContain('without --workers')
    await cp(at('folder'), at('named'), { recursive: true })
    await rename(at('named/ant'), at('named/antelope'))
    expect(await refused('evaluate', at('named'), ...config)).toContain('the classes ant, bee, cat, got antelope')
    const file = at('broken.npz')
    const bytes = await readFile(at('moved-npz/set.npz'))
    bytes[(bytes.length / 2) | 0]! ^= 1
    await writeFile(file, bytes)
    expect(await refused('evaluate', file, ...config)).toContain('broken.npz')
    await rm(file)
  })
})

describe('imagesAsSet', () => {
  const npy = (type: string, shape: readonly number[], values: ArrayBufferView) => {
    const header = `{'descr': '${type}', 'fortran_order': False, 'shape': (${shape.join(', ')},), }\n`
    const head = Buffer.from(`\u0093NUMPY\u0001\u0000__${header}`, 'latin1')
    head.writeUInt16LE(header.length, 8)
    return new Uint8Array(Buffer.concat([head, new Uint8Array(values.buffer, values.byteOffset, values.byteLength)]))
  }
  const asSet = async (arrays: Readonly<Record<string, Uint8Array>>) => {
    const data = await imageFolder({ root: at('data'), preprocessing: identity() })
    const file = at('made.npz')
    const named = Object.entries(arrays).map(([name, array]) => [`${name}.npy`, array] as const)
    await writeFile(file, zipSync(Object.fromEntries(named)))
    return await imagesAsSet(file, data)
  }
  const bytes = Uint8Array.from({ length: 2 * 192 }, (_, i) => i % 256)
  const images = npy('|u1', [2, 8, 8, 3], bytes)
  const labels = npy('<i8', [2], BigInt64Array.of(2n, 0n))

  it('reads pixels and labels', async () => {
    const set = await asSet({ images, labels })
    expect(set.layout).toEqual({ image: [8, 8, 3], classes: 3, slots: 2, views: 1, labels: Int32Array.of(2, 0) })
    expect(set.images).toEqual(Float32Array.from(bytes, (value) => value / 255))
    expect(set.targets).toEqual(Float32Array.of(0, 0, 1, 1, 0, 0))
  })

  it('reads probabilities, and values as they are', async () => {
    const targets = npy('<f4', [2, 3], Float32Array.of(0.2, 0.5, 0.3, 0.6, 0.3, 0.1))
    const values = npy(
      '<f4',
      [2, 8, 8, 3],
      Float32Array.from(bytes, (value) => value - 99),
    )
    const set = await asSet({ values, targets, x: images })
    expect([...set.layout.labels]).toEqual([1, 0])
    expect(set.images[1]).toBe(-98)
    expect(set.targets[2]).toBeCloseTo(0.3)
  })

  it.each([
    ['another size', { x: npy('|u1', [2, 4, 8, 3], bytes.subarray(192)), y: labels }, 'expected images of 8×8×3'],
    ['no images', { pictures: images }, 'expected an array values, x_train, images, x, got pictures'],
    ['no labels', { x: images }, 'expected an array y, got x'],
    ['a label too many', { x: images, y: npy('<i8', [3], BigInt64Array.of(0n, 1n, 2n)) }, 'expected shape [2]'],
    [
      'a label of no class',
      { x: images, y: npy('<i8', [2], BigInt64Array.of(0n, 3n)) },
      'expected labels 0 … 2, got 3',
    ],
    ['floats beyond 1', { x: npy('<f4', [2, 8, 8, 3], Float32Array.from(bytes)), y: labels }, 'floats in [0, 1]'],
    ['NaN', { values: npy('<f4', [2, 8, 8, 3], new Float32Array(384).fill(NaN)), y_train: labels }, 'finite'],
  ])('refuses %s', async (_, arrays, message) => {
    const error = await asSet(arrays).catch((caught: unknown) => caught)
    expect(HabaError.is(error), String(error)).toBe(true)
    expect((error as Error).message).toContain(message)
  })
})
