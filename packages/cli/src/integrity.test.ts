import { fromSafetensors, keyFrom, pixels, tensor, toSafetensors } from '@haba/core'
import { readSet } from '@haba/distill/files'
import { cp, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, relative, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import { seedFrom, toyData } from '@haba/testing'
import { beforeAll, describe, expect, it } from 'vitest'
import { allowToyPlugin } from './allow-toy-plugin.test-data.js'
import { contentsOf, runHaba } from './run-haba.test-data.js'

const sgd = { learningRate: 0.1, momentum: 0.5 }
const toy = {
  name: 'toy',
  seed: 3,
  data: { use: 'toy' },
  network: { use: 'convnet', depth: 1, width: 4 },
  set: { use: 'pixels', perClass: 1 },
  objective: { use: 'distribution-matching', realPerClass: 4 },
  optimizer: { images: sgd },
  steps: 5,
  checkpointEvery: 1,
  evaluate: { protocol: 'dsa', epochs: 2, networks: 1 },
  compare: { random: true, qualities: [30], kCenter: true, selection: { epochs: 1 } },
}

let folder: string
let plugins: readonly string[]

async function configFile(name: string, changes: object): Promise<string> {
  const file = join(folder, `${name}.json`)
  await writeFile(file, JSON.stringify({ ...toy, name, plugins, ...changes }))
  return file
}

/** All files of a folder except damaged ones, which were renamed. */
const contents = async (of: string) =>
  Object.fromEntries(Object.entries(await contentsOf(of)).filter(([name]) => !name.includes('.damaged')))

/** Flips a bit in the last tenth of a file. */
async function damage(file: string): Promise<void> {
  const bytes = await readFile(file)
  bytes[Math.floor(0.95 * bytes.length)]! ^= 1
  await writeFile(file, bytes)
}

let whole: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'haba-integrity-'))
  await allowToyPlugin(folder)
  const plugin = relative(folder, fileURLToPath(new URL('./toy-plugin.test-data.ts', import.meta.url)))
  plugins = [plugin.split(sep).join('/')]
  whole = join(folder, 'whole')
  const { code, text } = await runHaba(['distill', await configFile('toy', {}), '--out', whole])
  expect(code, text).toBe(0)
}, 60_000)

describe('checkpoints', () => {
  const stopped = async (name: string) => {
    const run = join(folder, name)
    expect((await runHaba(['distill', join(folder, 'toy.json'), '--out', run], 'step 1/5')).code).toBe(130)
    return run
  }
  const names = async (run: string) => (await readdir(run)).filter((name) => name.startsWith('checkpoint')).sort()

  it('are two; of a damaged one the file is named and kept, and the other leads to the same bytes', async () => {
    const run = await stopped('one-bad')
    const [before, newest] = await names(run)
    expect(newest).toBe('checkpoint.safetensors')
    expect(before).toMatch(/^checkpoint-\d+\.safetensors$/)
    await damage(join(run, newest!))
    const { code, text } = await runHaba(['distill', '--resume', run])
    expect(code, text).toBe(0)
    expect(text).toContain(`${join(run, newest!)} is not usable: expected bytes with the checksum `)
    expect(text).toContain(`the file is damaged. It was renamed to ${join(run, newest!)}.damaged.`)
    expect(text).toContain(`Resuming from step ${/\d+/.exec(before!)![0]}.`)
    expect(await contents(run)).toEqual(await contents(whole))
  })

  it('that are all damaged stop the run, which then begins again where it is told to', async () => {
    const run = await stopped('both-bad')
    for (const name of await names(run)) await damage(join(run, name))
    const { code, text } = await runHaba(['distill', '--resume', run])
    expect(code).toBe(1)
    expect(text).toContain('expected a usable checkpoint, got only damaged ones, renamed to')
    expect((await names(run)).every((name) => name.endsWith('.damaged'))).toBe(true)
    const again = await runHaba(['distill', '--resume', run])
    expect(again.code, again.text).toBe(0)
    expect(await contents(run)).toEqual(await contents(whole))
  })

  it('are no more where the process ended between writing the last one and forgetting others', async () => {
    const run = join(folder, 'not-forgotten')
    await cp(whole, run, { recursive: true })
    const [before] = await names(run)
    await cp(join(run, before!), join(run, 'checkpoint-1.safetensors'))
    const { code, text } = await runHaba(['distill', '--resume', run])
    expect(code, text).toBe(0)
    expect(await contents(run)).toEqual(await contents(whole))
  })

  it('are whole at every moment of being replaced', async () => {
    const run = await stopped('between')
    await rename(join(run, 'checkpoint.safetensors'), join(run, 'checkpoint-2.safetensors'))
    await writeFile(join(run, 'checkpoint.safetensors.partial'), 'half of the fo')
    await writeFile(join(run, 'snapshots/5.safetensors.0-1.partial'), 'a temporary file that a killed process left')
    const { code, text } = await runHaba(['distill', '--resume', run])
    expect(code, text).toBe(0)
    expect(await contents(run)).toEqual(await contents(whole))
  })
})

describe('a flipped bit', () => {
  it.each([
    ['set.safetensors', /safetensors .*set\.safetensors, tensor \S+: expected bytes with the checksum/],
    ['set.json', /set .*set\.json: expected /],
    ['result.json', /result .*result\.json: expected /],
    ['snapshots/2.safetensors', /safetensors .*2\.safetensors, tensor \S+: expected bytes with the checksum/],
  ])('in %s is named with the file', async (name, said) => {
    const run = join(folder, `flipped-${name.replace(/\W/g, '-')}`)
    await cp(whole, run, { recursive: true })
    await damage(join(run, name))
    const { code, text } = await runHaba(['show', run])
    expect(text).toMatch(said)
    expect(code).toBe(1)
  })

  it.each([
    ['choices.json', /choices .*choices\.json: expected /],
    ['jpeg.json', /JPEG qualities .*jpeg\.json: expected /],
  ])('in %s is named where its row is measured again', async (name, said) => {
    const run = join(folder, `flipped-${name.replace(/\W/g, '-')}`)
    await cp(whole, run, { recursive: true })
    await rm(join(run, 'result.json'))
    await damage(join(run, name))
    const { code, text } = await runHaba(['distill', '--resume', run])
    expect(text).toMatch(said)
    expect(code).toBe(1)
  })

  it('of files without checksums is not looked for: folders of earlier versions open', async () => {
    const run = join(folder, 'old')
    await cp(whole, run, { recursive: true })
    for (const name of ['set.json', 'result.json', 'choices.json', 'jpeg.json']) {
      const { crc32: _, ...rest } = JSON.parse(await readFile(join(run, name), 'utf8')) as Record<string, unknown>
      await writeFile(join(run, name), JSON.stringify(name === 'choices.json' ? rest.choices : rest))
    }
    expect((await runHaba(['show', run])).code).toBe(0)
    const resumed = await runHaba(['distill', '--resume', run])
    expect(resumed.code, resumed.text).toBe(0)
    expect(resumed.text).not.toContain('testing')
  })

  it('names a field that is not as it should be', async () => {
    const run = join(folder, 'field')
    await cp(whole, run, { recursive: true })
    const text = await readFile(join(run, 'result.json'), 'utf8')
    const result = JSON.parse(text) as { crc32?: string; rows: { mean: unknown }[] }
    result.rows[0]!.mean = 'high'
    delete result.crc32
    await writeFile(join(run, 'result.json'), JSON.stringify(result))
    expect((await runHaba(['show', run])).text).toContain(
      'result.json: expected rows.0.mean to be a number, got "high"',
    )
  })
})

describe('a run that diverges', () => {
  const far = { optimizer: { images: { learningRate: 1e38 } }, compare: { random: false } }

  it('stops with an exit code of its own, and its set so far is there', async () => {
    const run = join(folder, 'far')
    const { code, text } = await runHaba(['distill', await configFile('far', far), '--out', run])
    expect(code, text).toBe(3)
    const [, step] = /distill: expected finite numbers, got \S+ in [\w. ]+ at step (\d+)\. Start a new run/.exec(text)!
    expect(text).toContain(`The set after step ${Number(step) - 1} is in ${run}; it was not measured.`)
    const { image, classes } = { image: [8, 8, 1] as const, classes: 3 }
    const like = await pixels({ image: [...image], classes, perClass: 1 }).init(
      keyFrom(0),
      seedFrom(toyData({ image: [...image], classes })),
    )
    const { manifest, params } = await readSet(run, like)
    expect(manifest.about.steps).toBe(Number(step) - 1)
    expect([...params.images.dataSync()].every(Number.isFinite)).toBe(true)
    const lines = (await readFile(join(run, 'metrics.jsonl'), 'utf8')).split('\n')
    expect(lines.length - 1).toBe(Number(step) - 1)
    expect((await runHaba(['distill', '--resume', run])).code).toBe(3)
  })

  it('goes back and lowers its rates as often as it may, to the same bytes after an interruption', async () => {
    const file = await configFile('lowered', { ...far, diverged: { lowerRates: 1e-20, times: 2 } })
    const run = join(folder, 'lowered')
    const { code, text } = await runHaba(['distill', file, '--out', run])
    expect(code, text).toBe(0)
    expect(text).toContain(
      'Returning to a checkpoint, with all learning rates multiplied by 1.00e-20 from there on (1 of 2 times).',
    )
    // The last checkpoint was beyond help: its images were finite, and far too large.
    expect(text).toMatch(/Resuming from step 1\.[^]*Resuming from step 0\./)
    const { rows } = JSON.parse(await readFile(join(run, 'result.json'), 'utf8')) as { rows: { note: string }[] }
    expect(rows[0]!.note).toMatch(/rates lowered [12] times \(× 1e-20 each\) after steps that were not finite/)
    const parts = join(folder, 'lowered-parts')
    expect((await runHaba(['distill', file, '--out', parts], '2 of 2 times')).code).toBe(130)
    expect((await runHaba(['distill', '--resume', parts])).code).toBe(0)
    expect(await contents(parts)).toEqual(await contents(run))
  })

  it('stops where rates were lowered as often as they may be', async () => {
    const file = await configFile('often', { ...far, diverged: { lowerRates: 0.9, times: 2 } })
    const { code, text } = await runHaba(['distill', file, '--out', join(folder, 'often')])
    expect(code, text).toBe(3)
    expect(text).toContain('Learning rates were lowered 2 times: start a new run with lower learning rates')
  })
})

describe('a learned step size', () => {
  const mtt = {
    objective: {
      use: 'trajectory-matching',
      experts: 'experts',
      steps: 2,
      expertEpochs: 1,
      maxStartEpoch: 1,
      learningRate: 0.02,
    },
    objectiveOptimizer: { rate: { learningRate: 10 } },
    evaluate: { protocol: 'dsa', epochs: 2, networks: 1, learningRate: 'learned' },
    experts: { count: 1, epochs: 1, batch: 8 },
    compare: { random: false },
  }

  it('stays positive, is told of at its bound, and the run ends with its set', async () => {
    const file = await configFile('mtt', mtt)
    expect((await runHaba(['experts', file])).code).toBe(0)
    const run = join(folder, 'mtt')
    const { code, text } = await runHaba(['distill', file, '--out', run])
    expect(code, text).toBe(0)
    expect(text).toMatch(/The learned rate reached its lower bound 0\.000001 after step \d\./)
    const { about } = JSON.parse(await readFile(join(run, 'set.json'), 'utf8')) as {
      about: { learned: { rate: number } }
    }
    expect(about.learned.rate).toBeGreaterThan(0)
  })

  it('is not learned from an expert that is not finite: the run stops before its first step, and names it', async () => {
    const file = await configFile('bad-expert', { ...mtt, objective: { ...mtt.objective, experts: 'bad-experts' } })
    await cp(join(folder, 'experts'), join(folder, 'bad-experts'), { recursive: true })
    const expert = join(folder, 'bad-experts', 'expert-0000.safetensors')
    const { tensors, metadata } = fromSafetensors(expert, await readFile(expert))
    const bad = [...tensors].map(([name, t], i) => {
      const values = Float32Array.from(t.dataSync())
      if (i === tensors.size - 1) values[0] = NaN
      return [name, tensor(values, t.shape)] as const
    })
    await writeFile(expert, toSafetensors(new Map(bad), metadata))
    const run = join(folder, 'bad-expert')
    const { code, text } = await runHaba(['distill', file, '--out', run])
    expect(code, text).toBe(3)
    expect(text).toMatch(
      /expert-0000\.safetensors: expected finite numbers, got NaN in \S+ after epoch 1\b.*record it again/,
    )
  })

  it('is told of at the bound that its optimizer states', async () => {
    const file = await configFile('at-least', {
      ...mtt,
      objectiveOptimizer: { rate: { learningRate: 10, clampBelow: 0.001 } },
    })
    const { code, text } = await runHaba(['distill', file, '--out', join(folder, 'at-least')])
    expect(code, text).toBe(0)
    expect(text).toContain('The learned rate reached its lower bound 0.001 ')
  })

  it('of experts that diverged is never reached: recording stops with the same exit code', async () => {
    const file = await configFile('wild', {
      ...mtt,
      experts: { folder: 'wild-experts', ...mtt.experts, learningRate: 3e38 },
      objective: { ...mtt.objective, experts: 'wild-experts' },
    })
    const { code, text } = await runHaba(['experts', file])
    expect(code, text).toBe(3)
    expect(text).toMatch(/expert 1: expected finite numbers, got \S+ in (loss|weights\.\S+) in epoch 1\./)
    expect((await readdir(join(folder, 'wild-experts'))).filter((name) => name.endsWith('.safetensors'))).toEqual([])
  })
})
