import { keyFrom } from '@haba/core'
import { evaluateSet } from '@haba/eval'
import { cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, relative, sep } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { allowToyPlugin, toyPlugin } from './allow-toy-plugin.test-data.js'
import { drawClasses } from './made-up-images.test-data.js'
import { openSet } from './folder/open-set.js'
import type { Result } from './folder/result.js'
import { contentsOf, runHaba } from './run-haba.test-data.js'

/** Distribution matching on a folder of whitened images. */
const settings = {
  name: 'run',
  seed: 3,
  data: { use: 'image-folder', root: 'data', preprocessing: 'zca' },
  network: { use: 'convnet', depth: 1, width: 4 },
  set: { use: 'pixels', perClass: 1 },
  objective: { use: 'distribution-matching', realPerClass: 4 },
  optimizer: { images: { learningRate: 0.1 } },
  steps: 2,
  evaluate: { protocol: 'dsa', epochs: 2, networks: 1 },
  compare: { random: true, qualities: [] },
}
const classes = { ant: 6, bee: 6, cat: 5 }
const few = ['--seeds', '1', '--epochs', '1']

/** What a file says, as somebody with an editor sees it. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any
type Edited = any

let folder: string

const haba = (...args: readonly string[]) => runHaba(args)

async function done(...args: readonly string[]): Promise<string> {
  const { code, text } = await haba(...args)
  expect(code, text).toBe(0)
  return text
}

async function refused(...args: readonly string[]): Promise<string> {
  const { code, text } = await haba(...args)
  expect(code, text).toBe(1)
  return text.trim().split('\n').at(-1)!
}

const json = async (...path: readonly string[]) => JSON.parse(await readFile(join(folder, ...path), 'utf8'))
const write = (value: unknown, ...path: readonly string[]) => writeFile(join(folder, ...path), JSON.stringify(value))

/** A copy of the finished run, which lies beside the data as the run does. */
async function copied(name: string): Promise<string> {
  const copy = join(folder, name)
  await cp(join(folder, 'run'), copy, { recursive: true })
  return copy
}

/** Changes a JSON file of a run as somebody with an editor would. */
async function edited(run: string, file: string, change: (value: Edited) => void): Promise<void> {
  const { crc32: _, ...value } = JSON.parse(await readFile(join(run, file), 'utf8'))
  change(value)
  await writeFile(join(run, file), JSON.stringify(value, null, 2))
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'haba-identity-'))
  await drawClasses(join(folder, 'data/train'), classes)
  await drawClasses(join(folder, 'data/test'), { ant: 4, bee: 4, cat: 4 }, { seed: 2 })
  await cp(join(folder, 'data'), join(folder, 'more'), { recursive: true })
  await drawClasses(join(folder, 'more/train'), { ant: 3, bee: 1, cat: 2 }, { seed: 9, from: 20 })
  await cp(join(folder, 'data'), join(folder, 'other'), { recursive: true })
  await drawClasses(join(folder, 'other/test'), { ant: 1 }, { seed: 8 })
  await drawClasses(join(folder, 'few/train'), { ant: 6, bee: 6, cat: 1 })
  await drawClasses(join(folder, 'few/test'), { ant: 2, bee: 2, cat: 2 }, { seed: 2 })
  await write(settings, 'run.json')
  await done('distill', join(folder, 'run.json'), '--out', join(folder, 'run'))
})

describe('what a run was made of', () => {
  it('is in its folder and its set, with a hash of its readable parts', async () => {
    const { identity, config } = await json('run/identity.json')
    const { about } = await json('run/set.json')
    const train = { images: classes, read: 17, content: expect.stringMatching(/^[0-9a-f]{64}$/) }
    expect(identity.parts).toMatchObject({
      classes: ['ant', 'bee', 'cat'],
      image: [8, 8, 3],
      train,
      preprocessing: { name: 'zca', settings: { epsilon: 0.1 } },
      whitening: expect.stringMatching(/^[0-9a-f]{64}$/),
      network: 'ConvNetD1W4-IN-relu-AP',
      augmentation: 'none',
    })
    expect(config).toEqual(await json('run/config.json'))
    expect(about.identity.parts).toEqual({ ...identity.parts, protocol: expect.objectContaining({ name: 'dsa' }) })
    expect(about.identity.hash).not.toBe(identity.hash)
  })

  it('refuses a checkpoint of another run of the same shape, which stays where it is', async () => {
    await write({ ...settings, name: 'cousin', seed: 4 }, 'cousin.json')
    await done('distill', join(folder, 'cousin.json'), '--out', join(folder, 'cousin'))
    const mixed = await copied('mixed-checkpoint')
    await cp(join(folder, 'cousin/checkpoint.safetensors'), join(mixed, 'checkpoint.safetensors'))
    const before = await contentsOf(mixed)
    expect(await refused('distill', '--resume', mixed, '--steps', '3')).toMatch(
      /checkpoint\.safetensors: expected one of the run [0-9a-f]{12}, got one of [0-9a-f]{12}\. .* another run/,
    )
    expect(await contentsOf(mixed)).toEqual(before)
  })

  it('refuses a set of another run', async () => {
    await write({ ...settings, name: 'seed', seed: 4, compare: { random: false } }, 'seed.json')
    await done('distill', join(folder, 'seed.json'), '--out', join(folder, 'seed'))
    const mixed = await copied('mixed')
    for (const file of ['set.json', 'set.safetensors']) await cp(join(folder, 'seed', file), join(mixed, file))
    expect(await refused('show', mixed)).toMatch(
      /set\.json, of the run in this folder: expected run "[0-9a-f]{64}", got run .* another run/,
    )
    await edited(mixed, 'set.json', ({ about }) => (about.identity.parts.classes = ['x', 'y', 'z']))
    expect(await refused('evaluate', mixed)).toContain('expected the hash of its parts')
  })
})

describe('a set on data', () => {
  const accuracies = async (run: string) =>
    JSON.parse(await readFile(join(run, 'evaluation-dsa-ConvNetD1W4-IN-relu-AP.json'), 'utf8')).accuracies as number[]

  it('has the same number whatever else lies in their folder, by its own whitening', async () => {
    const run = await copied('same')
    await done('evaluate', run, '--workers', '1', '--baselines', 'none')
    const [set] = ((await json('run/result.json')) as Result).rows.filter(({ id }) => id === 'set')
    expect(await accuracies(run)).toEqual(set!.accuracies)
    const more = ['--data', join(folder, 'more')]
    const text = await done('evaluate', run, '--workers', '1', ...more)
    expect(text).toContain('Real images are skipped.')
    expect(text).toContain('expected train.images.ant 6, train.images.bee 6, train.images.cat 5')
    expect(await accuracies(run)).toEqual(set!.accuracies)
    expect(await refused('evaluate', run, '--baselines', 'random', ...more)).toContain('got train.images.ant 9')
    const opened = await openSet(run, { data: join(folder, 'more'), say: () => {} })
    const again = await evaluateSet(opened.set, { ...opened, test: await opened.test(), key: keyFrom(1), networks: 1 })
    await opened.close()
    const before = await openSet(run, { say: () => {} })
    const test = await before.test()
    expect(await evaluateSet(before.set, { ...before, test, key: keyFrom(1), networks: 1 })).toEqual(again)
    await before.close()
  })

  it('is refused with both sides and the cure where the test images are others', async () => {
    const run = await copied('others')
    const before = await contentsOf(run)
    const space = '{"width":[3],"depth":[1],"normalization":["none"],"activation":["relu"],"pooling":["none"]}'
    const data = ['--data', join(folder, 'other')]
    for (const args of [
      ['evaluate', run, '--baselines', 'none', '--workers', '1', ...data],
      ['scores', run, ...few, ...data],
      ['continual', run, '--steps', '3', ...few, ...data],
      ['search', run, '--space', space, '--epochs', '1', '--real-epochs', '1', '--workers', '1', ...data],
      ['distill', '--resume', run, ...data],
    ])
      expect(await refused(...args), args[0]).toMatch(
        /run .*: data: expected test\.content "[0-9a-f]{64}", got test\.content "[0-9a-f]{64}"\. Pass the data .* --data/,
      )
    const opened = await openSet(run, { say: () => {} })
    await expect(opened.test(join(folder, 'other'))).rejects.toThrow('test.content')
    await opened.close()
    expect(await contentsOf(run)).toEqual(before)
    // What is drawn or learned from training images, too.
    for (const args of [
      ['scores', run],
      ['continual', run],
      ['search', run, '--space', space, '--workers', '1'],
      ['distill', '--resume', run],
    ])
      expect(await refused(...args, '--data', join(folder, 'more')), args[0]).toContain('train.images.ant 9')
  })

  it('is not compared with sets that were tested on other images', async () => {
    await write({ ...settings, name: 'elsewhere', data: { ...settings.data, root: 'other' } }, 'elsewhere.json')
    await done('distill', join(folder, 'elsewhere.json'), '--out', join(folder, 'elsewhere'))
    const page = ['--out', join(folder, 'page.html')]
    const error = await refused('compare', join(folder, 'run'), join(folder, 'elsewhere'), ...page)
    expect(error).toMatch(/expected test\.content .* got test\.content .* compare runs of the same data/)
    await done('compare', join(folder, 'run'), join(folder, 'seed'), ...page)
  })

  it('is used by names of classes where these come in another order', async () => {
    await allowToyPlugin(folder)
    const plugins = [relative(folder, toyPlugin).split(sep).join('/')]
    const toy = { ...settings, name: 'toy', plugins, data: { use: 'toy' } }
    await write(toy, 'toy.json')
    await done('distill', join(folder, 'toy.json'), '--out', join(folder, 'toy'))
    const args = ['evaluate', join(folder, 'toy'), '--workers', '1'] as const
    await done(...args)
    const before = await accuracies(join(folder, 'toy'))
    process.env.TOY_REVERSED = '1'
    await done(...args)
    delete process.env.TOY_REVERSED
    expect(await accuracies(join(folder, 'toy'))).toEqual(before)
  })
})

describe('a run that is resumed', () => {
  it('is held to its configuration: what may not change is refused by name, and nothing on disk changes', async () => {
    const run = await copied('held')
    const change = (config: Edited) => {
      config.objective.realPerClass = 5
      config.seed = 4
      config.evaluate.networks = 7
    }
    await edited(run, 'config.json', change)
    const before = await contentsOf(run)
    for (const args of [
      ['distill', '--resume', run, '--steps', '5'],
      ['evaluate', run],
      ['show', run],
    ])
      expect(await refused(...args), args[0]).toContain(
        'configuration: expected seed 3, objective.realPerClass 4, got seed 4, objective.realPerClass 5.',
      )
    expect(await contentsOf(run)).toEqual(before)
    await edited(run, 'config.json', (config) =>
      Object.assign(config, { seed: 3, steps: 1, objective: settings.objective }),
    )
    const shorter = await contentsOf(run)
    expect(await refused('distill', '--resume', run)).toContain(
      'expected at least 2 steps, which it has taken, got steps 1',
    )
    expect(await contentsOf(run)).toEqual(shorter)
  })

  it('measures again what depends on settings that may change, and only that', async () => {
    const run = await copied('remeasured')
    await edited(run, 'config.json', (config) => (config.evaluate.networks = 2))
    const text = await done('distill', '--resume', run)
    expect(text).not.toContain('distilling: step')
    const { rows } = JSON.parse(await readFile(join(run, 'result.json'), 'utf8')) as Result
    expect(rows.map(({ id, accuracies }) => [id, accuracies.length])).toEqual([
      ['random', 2],
      ['set', 2],
    ])
    const before = await contentsOf(run)
    expect(await done('distill', '--resume', run)).not.toContain('testing')
    expect(await contentsOf(run)).toEqual(before)
  })

  it('or was written by an earlier version, opens with one warning', async () => {
    const run = await copied('old')
    await rm(join(run, 'identity.json'))
    await edited(run, 'set.json', ({ about }) => delete about.identity)
    await edited(run, 'result.json', ({ rows }) => rows.forEach((row: { by?: string }) => delete row.by))
    const warning = /an earlier version of haba wrote it/g
    for (const args of [
      ['show', run],
      ['evaluate', run, '--workers', '1', '--baselines', 'none'],
    ])
      expect((await done(...args)).match(warning), args[0]).toHaveLength(1)
    await edited(run, 'set.json', ({ about }) => (about.data.classNames[1] = 'bug'))
    expect(await refused('evaluate', run)).toContain('expected classes.1 "bug", got classes.1 "bee"')
    await edited(run, 'set.json', ({ about }) => (about.data.classNames[1] = 'bee'))
    const text = await done('distill', '--resume', run)
    expect(text.match(warning)).toHaveLength(1)
    expect(text).not.toContain('testing')
    expect(JSON.parse(await readFile(join(run, 'identity.json'), 'utf8')).identity).toEqual(
      (await json('run/identity.json')).identity,
    )
  })
})

describe('experts', () => {
  const matching = {
    objective: { use: 'trajectory-matching', experts: 'experts', steps: 2, expertEpochs: 1, maxStartEpoch: 1 },
    objectiveOptimizer: { rate: { learningRate: 1e-7 } },
    experts: { count: 2, epochs: 1 },
    compare: { random: false },
  }
  const alike = 'expected experts trained with this configuration'

  it('of other images, other whitening or another rate are refused before anything is distilled', async () => {
    await write({ ...settings, ...matching, name: 'mtt' }, 'mtt.json')
    await done('experts', join(folder, 'mtt.json'))
    await done('distill', join(folder, 'mtt.json'), '--out', join(folder, 'mtt'))
    const changes = {
      plain: { data: { ...settings.data, preprocessing: 'none' } },
      more: { data: { ...settings.data, root: 'more' } },
      rate: { experts: { ...matching.experts, learningRate: 0.5 } },
    }
    const got = { plain: 'identity', more: 'train.images.ant 6', rate: 'learningRate 0.01' }
    for (const [name, change] of Object.entries(changes)) {
      await write({ ...settings, ...matching, name, ...change }, `${name}.json`)
      const out = join(folder, `mtt-${name}`)
      const error = await refused('distill', join(folder, `${name}.json`), '--out', out)
      expect(error).toContain(alike)
      expect(error).toContain(got[name as keyof typeof got])
      expect(await refused('experts', join(folder, `${name}.json`))).toContain(alike)
      // Nothing was begun.
      await expect(readdir(out)).rejects.toThrow('ENOENT')
    }
  })

  it('that join them while a run rests are refused, and so are those of another folder', async () => {
    await done('experts', join(folder, 'mtt.json'), '--count', '3')
    expect(await refused('distill', '--resume', join(folder, 'mtt'), '--steps', '3')).toContain(
      'expected experts.count 2, got experts.count 3',
    )
    const elsewhere = { ...matching, experts: { ...matching.experts, folder: 'strangers' } }
    const objective = { ...matching.objective, experts: 'strangers' }
    await write({ ...settings, ...elsewhere, objective, name: 's', data: { ...settings.data, root: 'more' } }, 's.json')
    await done('experts', join(folder, 's.json'))
    await cp(join(folder, 'strangers/expert-0000.safetensors'), join(folder, 'experts/expert-0002.safetensors'))
    expect(await refused('distill', join(folder, 'mtt.json'), '--out', join(folder, 'mtt2'))).toContain(
      'expected experts that were recorded together',
    )
  })

  it('of an earlier version are used with one warning, but for what they tell', async () => {
    await rm(join(folder, 'experts/expert-0002.safetensors'))
    const file = join(folder, 'experts/experts.json')
    const { identity: _, crc32: _checksum, ...recorded } = JSON.parse(await readFile(file, 'utf8'))
    await writeFile(file, JSON.stringify(recorded))
    const text = await done('distill', join(folder, 'mtt.json'), '--out', join(folder, 'mtt3'))
    expect(text.match(/an earlier version of haba trained them/g)).toHaveLength(1)
    expect(await refused('distill', join(folder, 'plain.json'), '--out', join(folder, 'mtt4'))).toContain(
      'data.preprocessing "none", got others: data.preprocessing "zca"',
    )
  })
})

describe('a count', () => {
  it('in the table is the count used: where a class has fewer images than fit, the row says so', async () => {
    const compare = { random: true, qualities: [], pixels: { optimizer: { images: { learningRate: 0.1 } } } }
    const set = { use: 'pixels', perClass: 2, start: 'noise' }
    const data = { use: 'image-folder', root: 'few' }
    await write({ ...settings, name: 'few', data, set, compare }, 'few.json')
    const text = await done('distill', join(folder, 'few.json'), '--out', join(folder, 'few-run'))
    expect(text).toContain('Distilled pixels are skipped: they need 2 real images of a class')
    const { rows } = (await json('few-run/result.json')) as Result
    expect(rows.map(({ id }) => id)).toEqual(['random', 'set'])
    expect(rows[0]).toMatchObject({ floats: 3 * 192, bytes: 3 * 192 + 3 })
    expect(rows[0]!.note).toBe('3 images, all that the smallest class allows, drawn for each network')
    const memories = await done('continual', join(folder, 'few-run'), '--steps', '1', ...few)
    expect(memories).toMatch(/random +579 +576 /)
  })

  it('that cannot be had is refused before anything is distilled', async () => {
    const evaluate = { ...settings.evaluate, protocol: 'ours', validation: 0.2 }
    const data = { use: 'image-folder', root: 'few' }
    await write({ ...settings, name: 'none', data, evaluate, set: { ...settings.set, start: 'noise' } }, 'none.json')
    const error = await refused('distill', join(folder, 'none.json'), '--out', join(folder, 'none-run'))
    expect(error).toContain('expected training images of every class, got none of "cat"')
  })
})
