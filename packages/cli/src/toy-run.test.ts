import { mkdtemp, readFile, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, relative, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import { beforeAll, describe, expect, it } from 'vitest'
import { allowToyPlugin } from './allow-toy-plugin.test-data.js'
import type { Result } from './folder/result.js'
import { contentsOf, runHaba } from './run-haba.test-data.js'

const sgd = { learningRate: 0.1, momentum: 0.5 }

/** Trajectory matching on made-up data from a plugin file: everything that a run can have, in a second or two. */
const toy = {
  name: 'toy',
  seed: 3,
  data: { use: 'toy' },
  network: { use: 'convnet', depth: 1, width: 4 },
  augmentation: 'flip_scale',
  set: { use: 'factorized', hallucinators: 2 },
  objective: {
    use: 'trajectory-matching',
    experts: 'experts',
    steps: 3,
    expertEpochs: 1,
    maxStartEpoch: 2,
    learningRate: 0.02,
  },
  games: [{ use: 'adversarial-contrast', network: { use: 'convnet', depth: 1, width: 3 } }],
  optimizer: { bases: sgd, hallucinators: sgd },
  objectiveOptimizer: { rate: { learningRate: 1e-5, momentum: 0.5, clampBelow: 0.001 } },
  steps: 4,
  checkpointEvery: 3,
  evaluate: { protocol: 'haba', epochs: 3, networks: 2, learningRate: 'learned' },
  compare: {
    networks: ['mlp'],
    random: true,
    kCenter: true,
    forgetting: true,
    selection: { epochs: 1 },
    pixels: { optimizer: { images: sgd }, steps: 2 },
    fullData: { epochs: 2 },
  },
  experts: { count: 2, epochs: 2, batch: 8, transform: 'batch-standardization' },
}

let folder: string
let config: string

interface Said {
  readonly code: number
  readonly text: string
}

/** Runs a command in this process; an interruption comes with the first line that contains `until`. */

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'haba-toy-'))
  await allowToyPlugin(folder)
  config = join(folder, 'toy.json')
  const plugin = relative(folder, fileURLToPath(new URL('./toy-plugin.test-data.ts', import.meta.url)))
  await writeFile(config, JSON.stringify({ ...toy, plugins: [plugin.split(sep).join('/')] }))
})

describe('a toy run', () => {
  it('asks for experts, and records them as the objective needs them', async () => {
    const none = await runHaba(['distill', config, '--out', join(folder, 'early')])
    expect(none.code).toBe(1)
    expect(none.text).toContain('objective: experts ')
    expect(none.text).toContain('Record them with `haba experts`.')

    const short = await runHaba(['experts', config, '--epochs', '1', '--count', '1'], 'Recording')
    expect(short.code).toBe(130)
    expect(short.text).toContain(
      'reads epochs 0 … 2 (maxStartEpoch 2 - 1 + expertEpochs 1): these experts are too short',
    )
    const stale = await runHaba(['experts', config])
    expect(stale.text).toContain('expected experts trained with this configuration')

    const other = await writeExperts('experts')
    expect(other.code, other.text).toBe(0)
    expect(other.text).toContain('2 experts of 2 epochs')
    expect((await runHaba(['experts', config])).code).toBe(0)
  })

  it('makes a table of equal bytes, and stores its learned rate', async () => {
    const whole = await runHaba(['distill', config, '--out', join(folder, 'whole')])
    expect(whole.code, whole.text).toBe(0)
    const result = JSON.parse(await readFile(join(folder, 'whole/result.json'), 'utf8'))
    expect(result.rows.map((row: { id: string }) => row.id)).toEqual([
      'random',
      'randomJpeg',
      'kCenter',
      'kCenterJpeg',
      'forgetting',
      'forgettingJpeg',
      'pixels',
      'set',
      'fullData',
    ])
    const set = JSON.parse(await readFile(join(folder, 'whole/set.json'), 'utf8'))
    // 3 bases of 64, 2 hallucinators of 92: 376 floats; 3 bytes of labels; and the learned rate.
    expect(set.storage.parts.map((part: { floats: number }) => part.floats)).toEqual([192, 184, 0, 1])
    expect(set.storage.bytes).toBe(4 * 376 + 3 + 4)
    const row = (id: string) => result.rows.find((one: { id: string }) => one.id === id)
    // 23 images of 64 bytes and their labels; 5 images of 64 floats, their labels and a learned rate.
    expect(row('random')).toMatchObject({ name: 'random (uint8)', floats: 23 * 64, bytes: 23 * 64 + 3, within: 1511 })
    expect(row('kCenter')).toMatchObject({ name: 'k-center (uint8)', floats: 23 * 64, bytes: 23 * 64 + 3 })
    expect(row('pixels')).toMatchObject({ floats: 321, bytes: 4 * 321 + 3 })
    expect(row('set')).toMatchObject({ floats: 377, bytes: 1511 })
    expect(row('fullData').floats).toBe(24 * 64)
    const { qualities, accuracies } = JSON.parse(await readFile(join(folder, 'whole/jpeg.json'), 'utf8'))
    const best = qualities[accuracies.indexOf(Math.max(...accuracies))]
    expect(row('forgettingJpeg').name).toBe(`forgetting (JPEG q=${best})`)
    for (const id of ['randomJpeg', 'kCenterJpeg', 'forgettingJpeg']) expect(row(id).bytes).toBeLessThanOrEqual(1511)
    expect(result.caption).toContain('Equal bytes: each set has at most 1,511')
    expect(set.about.learned.rate).not.toBe(0.02)
    expect(set.about.protocol.rate).toBe(set.about.learned.rate)
    expect(set.about.objective.experts).toBe('../experts')
  })

  it('is the same run after interruptions in every part of it', async () => {
    const run = join(folder, 'parts')
    const ends = [
      await runHaba(['distill', config, '--out', run], 'distilling: step 1/4'),
      await runHaba(['distill', '--resume', run], 'testing HaBa'),
      await runHaba(['distill', '--resume', run], 'random (uint8): '),
      await runHaba(['distill', '--resume', run], 'random images as JPEG, quality 30'),
      await runHaba(['distill', '--resume', run], 'for the selection: step 1/1'),
      await runHaba(['distill', '--resume', run], 'distilling pixels: step 1/2'),
      await runHaba(['distill', '--resume', run], 'testing all training data'),
    ]
    for (const { code, text } of ends) {
      expect(code, text).toBe(130)
      expect(text).toContain(`haba distill --resume ${run}`)
    }
    const rest = await runHaba(['distill', '--resume', run])
    expect(rest.code).toBe(0)
    expect(rest.text).not.toContain('times the RMS')
    expect(await contentsOf(run)).toEqual(await contentsOf(join(folder, 'whole')))
  })

  it('says when rates have driven the images far from the data', async () => {
    const far = join(folder, 'far.json')
    const { plugins } = JSON.parse(await readFile(config, 'utf8')) as { readonly plugins: readonly string[] }
    const bases = { learningRate: 1e6 }
    const optimizer = { bases, hallucinators: sgd }
    await writeFile(far, JSON.stringify({ ...toy, name: 'far', plugins, optimizer, steps: 1, compare: {} }))
    const { code, text } = await runHaba(['distill', far, '--out', join(folder, 'far')])
    expect(code, text).toBe(0)
    expect(text).toMatch(
      /HaBa: its images have [\d,]+ times the RMS pixel value of real images.* Try smaller learning rates\./,
    )
  })

  it('cuts metrics back to the checkpoint, a half-written line too', async () => {
    const run = join(folder, 'cut')
    await runHaba(['distill', config, '--out', run], 'distilling: step 1/4')
    await writeFile(join(run, 'metrics.jsonl'), '{"step":2,"loss":9}\n{"step":3,"lo', { flag: 'a' })
    expect((await runHaba(['distill', '--resume', run])).code).toBe(0)
    expect(await contentsOf(run)).toEqual(await contentsOf(join(folder, 'whole')))
  })

  it('goes on for longer, measuring again what changed', async () => {
    const run = join(folder, 'parts')
    expect((await runHaba(['distill', '--resume', run, '--steps', '3'])).text).toContain(
      'expected at least 4 steps, which it has taken, got steps 3',
    )
    const longer = await runHaba(['distill', '--resume', run, '--steps', '5'])
    expect(longer.code, longer.text).toBe(0)
    expect(longer.text).toContain('testing HaBa')
    expect(longer.text).not.toContain('testing random')
    const once = await runHaba(['distill', config, '--steps', '5', '--out', join(folder, 'five')])
    expect(once.code, once.text).toBe(0)
    expect(await contentsOf(run)).toEqual(await contentsOf(join(folder, 'five')))
  })

  it('measures every row with the further networks, too, in the table and on the page', async () => {
    const { rows } = JSON.parse(await readFile(join(folder, 'whole/result.json'), 'utf8')) as Result
    for (const { id, others } of rows) {
      expect(
        others?.map(({ network }) => network),
        id,
      ).toEqual(['MLP'])
      expect(others![0]!.accuracies.length).toBeGreaterThan(0)
    }
    expect(await readFile(join(folder, 'whole/report.html'), 'utf8')).toContain('>MLP</th>')
  })

  it('is compared with another run on a page that says first how their budgets differ', async () => {
    const page = join(folder, 'both.html')
    const both = await runHaba(['compare', join(folder, 'whole'), join(folder, 'five'), '--out', page])
    expect(both.code, both.text).toBe(0)
    expect(both.text).toMatch(/\nFull data, for whole: .* \(\d+ images, each seen \d+ times\)\n/)
    expect(both.text).toMatch(/^Equal budgets: 1,511 stored bytes each\./)
    expect(await readFile(page, 'utf8')).toContain('<h1>whole and five</h1>')
    expect((await runHaba(['compare', join(folder, 'whole')])).text).toContain('expected at least two run folders')
  })

  it('is evaluated with other networks, and drawn again to the same bytes', async () => {
    const run = join(folder, 'whole')
    const before = await contentsOf(run)
    expect((await runHaba(['show', run])).text).toContain('HaBa ')
    expect(await contentsOf(run)).toEqual(before)
    const other = await runHaba([
      'evaluate',
      run,
      '-n',
      'mlp',
      '{"use":"convnet","depth":1,"width":3}',
      '--protocol',
      'dc',
      '--epochs',
      '2',
      '--seeds',
      '2',
      '--workers',
      '1',
    ])
    expect(other.code, other.text).toBe(0)
    const written = JSON.parse(await readFile(join(run, 'evaluation-dc-MLP.json'), 'utf8'))
    expect(written).toMatchObject({ network: 'MLP', protocol: { name: 'dc', epochs: 3, version: 1 } })
    const unknown = await runHaba(['evaluate', run, '--networks', 'vgg12'])
    expect(unknown.text).toContain('Did you mean "vgg11"?')
  })
})

/** Experts, after those that were claimed with other settings are gone. */
async function writeExperts(name: string): Promise<Said> {
  const { rm } = await import('node:fs/promises')
  await rm(join(folder, name), { recursive: true })
  return runHaba(['experts', config])
}
