import { mkdtemp, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { commandLine } from '../command-line.js'
import { readConfig } from '../config/read-config.js'
import { configBudget } from './config-budget.js'

/** A configuration of HaBa on CIFAR, whose data are nowhere. */
async function config(data: object, set: object, more: object = {}): Promise<string> {
  const file = join(await mkdtemp(join(tmpdir(), 'haba-budget-')), 'config.json')
  const text = JSON.stringify({
    name: 'budget',
    data: { folder: 'nowhere', ...data },
    network: { use: 'convnet', depth: 1, width: 4 },
    set: { use: 'factorized', hallucinators: 5, ...set },
    objective: { use: 'distribution-matching' },
    optimizer: { bases: { learningRate: 1 } },
    steps: 1,
    ...more,
  })
  await writeFile(file, text)
  return file
}

const cifar10 = { use: 'cifar10' }
const cifar100 = { use: 'cifar100' }

// Budgets worked out by hand from the papers' tables.
it.each([
  [cifar10, { basesPerClass: 1 }, 58_560, 1.906],
  [cifar10, { basesPerClass: 9 }, 304_320, 9.906],
  [cifar10, { basesPerClass: 10 }, 335_040, 10.906],
  [cifar10, { basesPerClass: 49 }, 1_533_120, 49.906],
  [cifar10, { basesPerClass: 50 }, 1_563_840, 50.906],
  [cifar10, { basesPerClass: 3, basis: [32, 32, 1] }, 58_290, 1.897],
  [cifar100, { basesPerClass: 1 }, 335_040, 1.091],
  [cifar100, { basesPerClass: 9 }, 2_792_640, 9.091],
  [cifar100, { basesPerClass: 49 }, 15_080_640, 49.091],
])('counts %j with %j as the paper does', async (data, set, floats, imagesPerClass) => {
  const budget = await configBudget(await readConfig(await config(data, set)))
  expect(budget.floats).toBe(floats)
  expect(budget.imagesPerClass).toBeCloseTo(imagesPerClass, 3)
})

it('counts hallucinators that classes do not share', async () => {
  const read = await readConfig(await config(cifar10, { basesPerClass: 1, sharing: 'per-class' }))
  expect((await configBudget(read)).imagesPerClass).toBeCloseTo(10.06, 2)
})

it('prints a table, says what is learned besides and what is not counted', async () => {
  const experts = { use: 'trajectory-matching', experts: 'nowhere', steps: 2, expertEpochs: 1, maxStartEpoch: 1 }
  const file = await config(
    { ...cifar10, preprocessing: 'zca' },
    { basesPerClass: 1 },
    { objective: experts, objectiveOptimizer: { rate: { learningRate: 1e-5 } } },
  )
  let text = ''
  const screen = { write: (more: string) => (text += more) }
  const code = await commandLine(['budget', file, file], { out: screen, err: screen })
  expect(code, text).toBe(0)
  expect(text.split('\n')[0]).toBe('Equal budgets: 234,254 bytes, 58,561 values.')
  expect(text).toMatch(/bases +122,880 +30,720/)
  expect(text).toMatch(/hallucinators +111,360 +27,840/)
  expect(text).toMatch(/objective.rate +4 +1/)
  expect(text).toMatch(/transform +37,761,024 +9,440,256 {2}part of the data, not counted/)
})
