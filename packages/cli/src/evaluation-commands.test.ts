import { mkdtemp, readFile, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, relative, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import { keyFrom } from '@haba/core'
import { evaluateSet } from '@haba/eval'
import { beforeAll, describe, expect, it } from 'vitest'
import { allowToyPlugin } from './allow-toy-plugin.test-data.js'
import { openSet } from './folder/open-set.js'
import { runHaba } from './run-haba.test-data.js'

const sgd = { learningRate: 0.1, momentum: 0.5 }

/** Distribution matching on made-up data from a plugin file, measured as `ours` says. */
const toy = {
  name: 'toy',
  seed: 3,
  data: { use: 'toy', perClass: 10 },
  network: { use: 'convnet', depth: 1, width: 4 },
  augmentation: 'flip_scale',
  set: { use: 'factorized', hallucinators: 2 },
  objective: { use: 'distribution-matching', realPerClass: 4 },
  optimizer: { bases: sgd, hallucinators: sgd },
  steps: 4,
  evaluate: {
    protocol: 'ours',
    validation: 0.2,
    learningRates: [0.001, 0.1],
    trialNetworks: 2,
    epochs: 2,
    networks: 2,
  },
  compare: { random: true, selection: { epochs: 1 }, fullData: { epochs: 1 } },
}

let run: string
let said: string

const haba = (...args: readonly string[]) => runHaba(args)

const read = async (name: string) => JSON.parse(await readFile(join(run, name), 'utf8'))

beforeAll(async () => {
  const folder = await mkdtemp(join(tmpdir(), 'haba-evaluation-'))
  await allowToyPlugin(folder)
  const plugin = relative(folder, fileURLToPath(new URL('./toy-plugin.test-data.ts', import.meta.url)))
  await writeFile(join(folder, 'toy.json'), JSON.stringify({ ...toy, plugins: [plugin.split(sep).join('/')] }))
  run = join(folder, 'run')
  const { code, text } = await haba('distill', join(folder, 'toy.json'), '--out', run)
  expect(code, text).toBe(0)
  said = text
})

describe('a run under the protocol ours', () => {
  it('chooses checkpoint and rate on a part of the training data that was held out', async () => {
    const { rows } = await read('result.json')
    const set = rows.find((row: { id: string }) => row.id === 'set')
    // Rates at the last step; then the steps kept in its last three quarters, at the best rate.
    expect(set.choice.trials.map((trial: { candidate: string }) => trial.candidate)).toEqual([
      'step 4',
      'step 4',
      'step 1',
      'step 2',
    ])
    // Four trials of two networks, each of three epochs in one batch.
    expect(said).toContain('HaBa on validation data: training step 24/24')
    expect(toy.evaluate.learningRates).toContain(set.choice.rate)
    const random = rows.find((row: { id: string }) => row.id === 'random')
    expect(random.choice.trials).toHaveLength(2)
    const { about } = await read('set.json')
    expect(about.protocol).toMatchObject({ name: 'ours', rate: set.choice.rate, rateFrom: 'validation', version: 1 })
    expect(about.protocol.hash).toMatch(/^[0-9a-f]{12}$/)
    expect(`step ${about.steps}`).toBe(set.choice.candidate)
  })

  it('gives its own number again, and tells how it was chosen', async () => {
    const { code, text } = await haba('evaluate', run, '--workers', '1', '--baselines', 'none')
    expect(code, text).toBe(0)
    expect(text).toContain('A validation split of the training data')
    expect(text).not.toContain('random')
    const { rows } = await read('result.json')
    const own = await read('evaluation-ours-ConvNetD1W4-IN-relu-AP.json')
    expect(own.accuracies).toEqual(rows.find((row: { id: string }) => row.id === 'set').accuracies)
    expect(own.halfInterval).toBeGreaterThan(0)
  })
})

describe('haba evaluate', () => {
  it('compares with real images of as many bytes, at the same seeds, and shows them in the page', async () => {
    const { code, text } = await haba('evaluate', run, '--protocol', 'dc', '--epochs', '1', '--workers', '1')
    expect(code, text).toBe(0)
    const { baselines, bytes, accuracies } = await read('evaluation-dc-ConvNetD1W4-IN-relu-AP.json')
    expect(baselines.map((one: { id: string }) => one.id)).toEqual(
      ['random', 'herding', 'kCenter', 'kMeans'].flatMap((name) => [name, `${name}Jpeg`]),
    )
    const { rows } = await read('result.json')
    const random = rows.find((row: { id: string }) => row.id === 'random')
    for (const one of baselines) {
      expect(one.accuracies).toHaveLength(accuracies.length)
      if (!one.id.endsWith('Jpeg')) expect(one.bytes).toBe(random.bytes)
      expect(one.bytes).toBeLessThanOrEqual(bytes)
      expect(text).toContain(one.name)
    }
    expect((await haba('show', run)).code).toBe(0)
    expect(await readFile(join(run, 'report.html'), 'utf8')).toMatch(/<section id="cross">[^]*k-center[^]*<\/section>/)
  })

  it('tests random images as the run itself did, under the protocol of the run', async () => {
    const plain = join(run, '../plain')
    const config = join(run, '../plain.json')
    const { plugins } = JSON.parse(await readFile(join(run, '../toy.json'), 'utf8'))
    const evaluate = { protocol: 'dsa', epochs: 2, networks: 2 }
    await writeFile(config, JSON.stringify({ ...toy, plugins, evaluate, compare: {} }))
    expect((await haba('distill', config, '--out', plain)).code).toBe(0)
    expect((await haba('evaluate', plain, '--baselines', 'random', '--workers', '1')).code).toBe(0)
    const result = JSON.parse(await readFile(join(plain, 'result.json'), 'utf8'))
    const file = 'evaluation-dsa-ConvNetD1W4-IN-relu-AP.json'
    const { baselines } = JSON.parse(await readFile(join(plain, file), 'utf8'))
    const row = result.rows.find(({ id }: { id: string }) => id === 'random')
    expect(baselines[0].accuracies).toEqual(row.accuracies)
    const jpeg = result.rows.find(({ id }: { id: string }) => id === 'randomJpeg')
    expect(baselines[1]).toMatchObject({ name: jpeg.name, bytes: jpeg.bytes, accuracies: jpeg.accuracies })
  })

  it('chooses images once for all evaluations of the same set', async () => {
    const evaluated = () => haba('evaluate', run, '--baselines', 'herding', '--workers', '1')
    const first = await evaluated()
    const { baselines } = await read('evaluation-ours-ConvNetD1W4-IN-relu-AP.json')
    const again = await evaluated()
    expect([first.code, again.code]).toEqual([0, 0])
    expect(again.text).not.toContain('for the selection')
    expect((await read('evaluation-ours-ConvNetD1W4-IN-relu-AP.json')).baselines).toEqual(baselines)
    const { choices } = await read('choices.json')
    // As earlier versions wrote it: the list alone.
    await writeFile(
      join(run, 'choices.json'),
      JSON.stringify(choices.map((choice: { of: object }) => ({ ...choice, of: { ...choice.of, seed: 4 } }))),
    )
    expect((await evaluated()).text).toContain('for the selection')
  })

  it('names the baselines there are', async () => {
    const { code, text } = await haba('evaluate', run, '--baselines', 'herdin')
    expect(code).not.toBe(0)
    expect(text).toContain('kMeans')
  })
})

describe('openSet', () => {
  it('is trained from in a few lines', async () => {
    const opened = await openSet(run)
    const { accuracies } = await evaluateSet(opened.set, {
      ...opened,
      test: await opened.test(),
      key: keyFrom(1),
      networks: 1,
    })
    await opened.close()
    expect(accuracies).toHaveLength(1)
    const { about } = await read('set.json')
    expect(opened.protocol).toMatchObject({ name: 'ours', rate: about.protocol.rate })
  })
})

describe('haba scores', () => {
  it('measures set and random images with and without augmentation', async () => {
    const { code, text } = await haba('scores', run, '--seeds', '1', '--epochs', '1')
    expect(code, text).toBe(0)
    expect(text).toMatch(/Without: Protocol ours, version 1 \([0-9a-f]{12}\)/)
    const { measured, augmentationRobust, recoveryRatio, labelRobust } = await read('scores.json')
    const { set, random, setPlain, randomPlain, fullData } = measured
    expect(augmentationRobust.withAugmentation).toBeCloseTo(set.mean - random.mean, 12)
    expect(augmentationRobust.withoutAugmentation).toBeCloseTo(setPlain.mean - randomPlain.mean, 12)
    expect(recoveryRatio).toBeCloseTo(set.mean / fullData.mean, 12)
    expect(text).toMatch(/recovery of full data .* % of .* % \(\d+ images, each seen (once|\d+ times)\)/)
    expect(labelRobust.hardLabelRecovery).toBeCloseTo(fullData.mean - set.mean, 12)
  })

  it('gives random images labels as soft as the set has, where it has such', async () => {
    const soft = join(run, '../soft')
    const config = join(run, '../soft.json')
    const { plugins } = JSON.parse(await readFile(join(run, '../toy.json'), 'utf8'))
    const set = { use: 'pixels', targets: { start: 'uniform' } }
    const objective = { use: 'label-distillation', batch: 3, realBatch: 12 }
    const optimizer = { images: { learningRate: 0 }, targets: { use: 'adam', learningRate: 0.1, project: 'simplex' } }
    const evaluate = { protocol: 'dsa', epochs: 2, networks: 1 }
    await writeFile(config, JSON.stringify({ ...toy, plugins, set, objective, optimizer, evaluate }))
    const distilled = await haba('distill', config, '--out', soft)
    expect(distilled.code, distilled.text).toBe(0)
    const { code, text } = await haba('scores', soft)
    expect(code, text).toBe(0)
    expect(text).toContain("with a trained network's labels")
    const { measured, labelRobust } = JSON.parse(await readFile(join(soft, 'scores.json'), 'utf8'))
    expect(labelRobust.improvementOverRandom).toBeCloseTo(measured.set.mean - measured.randomTaught.mean, 12)
    expect(labelRobust.hardLabelRecovery).toBeCloseTo(measured.fullData.mean - measured.setHard.mean, 12)
  })
})

describe('haba continual', () => {
  it('compares memories of equal bytes while classes arrive', async () => {
    const { code, text } = await haba('continual', run, '--steps', '3', '--seeds', '1', '--epochs', '2')
    expect(code, text).toBe(0)
    const { curves, protocol } = await read('continual-3.json')
    expect(protocol.name).toBe('dsa')
    expect(text).toContain('Protocol dsa, version 1')
    expect(curves.map((curve: { memory: string }) => curve.memory)).toEqual(['method', 'random', 'herding'])
    for (const { orders } of curves) {
      const [points] = orders
      // numpy.random.RandomState(0).permutation(3)
      expect(points.at(-1).seen).toEqual([2, 1, 0])
      expect(points).toHaveLength(3)
    }
    // Each step: a basis of 64 and 2 hallucinators of 92, of 4 bytes each, or all 8 images of the class, of 64 bytes; and a byte for their count.
    expect(curves.map(({ floats, bytes }: Record<string, number>) => [floats, bytes])).toEqual([
      [3 * 248, 3 * 993],
      [3 * 8 * 64, 3 * 513],
      [3 * 8 * 64, 3 * 513],
    ])
  })
})

describe('haba search', () => {
  it('ranks networks on the set and on all data, and keeps what it has done', async () => {
    const space = JSON.stringify({ width: [3], depth: [1], normalization: ['none'], activation: ['relu', 'sigmoid'] })
    const args = ['search', run, '--space', space, '--sample', '3', '--epochs', '1', '--real-epochs', '1', '-w', '1']
    const { code, text } = await haba(...args)
    expect(code, text).toBe(0)
    expect(text).toContain('rank correlation')
    const { scored, correlations, protocols } = await read('search.json')
    expect(protocols).toMatchObject({ set: { name: 'ours', epochs: 2 }, real: { name: 'ours', epochs: 2 } })
    expect(scored).toHaveLength(3)
    expect(correlations.map((one: { top: number }) => one.top)).toEqual([3])
    const again = await haba(...args)
    expect(again.text).toContain('6 of 6 trainings are done')
    const kept = join(run, 'search.jsonl')
    const lines = await readFile(kept, 'utf8')
    await writeFile(kept, lines.slice(0, -20))
    expect((await haba(...args)).text).toContain('5 of 6 trainings are done')
    const whole = (await readFile(kept, 'utf8')).split('\n')
    expect(whole.pop()).toBe('')
    expect(whole.map((line) => JSON.parse(line) as unknown)).toHaveLength(6)
    await writeFile(kept, lines.replace(/"accuracy":0\.\d/, '"accuracy":0.9'))
    expect((await haba(...args)).text).toMatch(
      /search .*search\.jsonl, line 1: expected the checksum .* Remove this line/,
    )
    await writeFile(kept, lines)
    const shown = await haba('show', run)
    expect(shown.text).toMatch(/Protocol ours, version 1/)
    const page = await readFile(join(run, 'report.html'), 'utf8')
    for (const id of ['search', 'continual', 'cross']) expect(page).toContain(`<section id="${id}">`)
  })

  it('refuses spaces that are none', async () => {
    const { text } = await haba('search', run, '--space', '{"widht":[3]}')
    expect(text).toContain('expected JSON with lists of width')
  })
})
