import { cp, mkdtemp, readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeAll, expect, test } from 'vitest'
import { drawClasses } from '../packages/cli/src/made-up-images.test-data.js'
import { contentsOf, runHaba } from '../packages/cli/src/run-haba.test-data.js'
import { root } from './packages.js'

/** Configurations, runs and experts that haba wrote before names were American and the field's. */
const fixture = join(root, 'tools/fixtures/earlier-names')

/** A copy of them, with their images. */
let folder: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'haba-'))
  await cp(fixture, folder, { recursive: true })
  await drawClasses(join(folder, 'images/train'), { ant: 16, bee: 16, cat: 16 })
  await drawClasses(join(folder, 'images/test'), { ant: 6, bee: 6, cat: 6 }, { seed: 2 })
}, 60_000)

const warnings = (text: string) => text.split('has names of an earlier version').length - 1

/** Resumed for one more step, a run has the set and metrics of a run from the start. */
async function expectResumed(name: string): Promise<void> {
  const [run, fresh] = [join(folder, 'written', name), join(folder, 'fresh', name)]
  const resumed = await runHaba(['distill', '--resume', run, '--steps', '3'])
  expect(resumed).toMatchObject({ code: 0 })
  expect(warnings(resumed.text)).toBe(1)
  expect(await runHaba(['distill', join(folder, `${name}.json`), '--steps', '3', '--out', fresh])).toMatchObject({
    code: 0,
  })
  const [one, other] = [await contentsOf(run), await contentsOf(fresh)]
  for (const file of ['set.safetensors', 'metrics.jsonl']) expect(one[file]).toBe(other[file])
}

test('a run with earlier names is shown, evaluated and resumed', async () => {
  const run = join(folder, 'written/old')
  const shown = await runHaba(['show', run])
  expect(shown).toMatchObject({ code: 0 })
  expect(warnings(shown.text)).toBe(1)
  expect(await runHaba(['evaluate', run, '--networks', 'mlp', '--seeds', '1', '--workers', '1'])).toMatchObject({
    code: 0,
  })
  await expectResumed('old')
}, 120_000)

test('experts with earlier names are used, and more are recorded beside them', async () => {
  await expectResumed('trajectories')
  const more = await runHaba(['experts', join(folder, 'trajectories.json'), '--count', '2'])
  expect(more).toMatchObject({ code: 0 })
  expect(warnings(more.text)).toBe(1)
  expect(more.text).toContain('2 experts of 2 epochs')
}, 120_000)

test('a configuration with earlier names is migrated', async () => {
  const file = join(folder, 'old.json')
  const old = await readFile(file, 'utf8')
  expect(await runHaba(['config', 'migrate', file])).toMatchObject({ code: 0 })
  // Its layout stays.
  expect(await readFile(file, 'utf8')).toBe(
    old
      .replace('normalisation', 'normalization')
      .replace('factorised', 'factorized')
      .replaceAll('"rate"', '"learningRate"')
      .replace('"rates"', '"learningRates"'),
  )
  expect(warnings((await runHaba(['budget', file])).text)).toBe(0)
  expect((await runHaba(['config', 'migrate', file])).text).toContain('already')
})
