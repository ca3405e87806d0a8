import { Ajv } from 'ajv'
import { mkdtemp, readdir, readFile, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { describe, expect, it } from 'vitest'
import { commandLine } from '../command-line.js'

const recipes = resolve(import.meta.dirname, '../../../../recipes')
const recipe = join(recipes, 'mnist-haba.json')

async function said(...args: readonly string[]) {
  let text = ''
  const screen = { write: (more: string) => void (text += more) }
  const code = await commandLine(['config', ...args], { out: screen, err: screen })
  return { code, text }
}

it('check says that a configuration is valid, or its first mistake', async () => {
  expect(await said('check', recipe)).toEqual({ code: 0, text: `${recipe} is valid.\n` })
  const wrong = await said('check', recipe, '--set', 'set.basesPerClas=2')
  expect(wrong.code).toBe(1)
  expect(wrong.text).toContain('Did you mean "basesPerClass"?')
})

it("explain tells what is the file's and what a default, with meanings", async () => {
  const { text } = await said('explain', recipe, '--set', 'objective.views=2')
  expect(text).toMatch(/^set.basesPerClass +60 +bases a class/m)
  expect(text).toMatch(/^set.initializer +"identity" +\(default\) where hallucinators start/m)
  expect(text).toMatch(/^objective.views +2 +views of a class/m)
  expect(text).toMatch(/^compare.networks\[0\] +"mlp" +a network, such as mlp: two hidden layers/m)
})

it('migrate leaves other languages to their writer', async () => {
  const file = join(await mkdtemp(join(tmpdir(), 'haba-config-')), 'x.yaml')
  const old = (await readFile(recipe, 'utf8')).replace('"learningRate": 2', '"rate": 2')
  await writeFile(file, old)
  const { code, text } = await said('migrate', file)
  expect(code).toBe(1)
  expect(text).toContain('optimizer.bases: rate is now learningRate')
  expect(await readFile(file, 'utf8')).toBe(old)
})

describe('the schema', () => {
  const validator = async () => {
    const { text } = await said('schema')
    return new Ajv({ strict: false, formats: { path: true, 'written-path': true } }).compile(JSON.parse(text) as object)
  }

  it('accepts every recipe', async () => {
    const validate = await validator()
    for (const name of await readdir(recipes)) {
      const valid = validate(JSON.parse(await readFile(join(recipes, name), 'utf8')))
      expect([name, valid, validate.errors?.at(-1)]).toEqual([name, true, undefined])
    }
  })

  it('refuses options that a name does not have, and names that there are not', async () => {
    const validate = await validator()
    const config = JSON.parse(await readFile(recipe, 'utf8')) as Record<string, Record<string, unknown>>
    expect(validate({ ...config, set: { ...config['set'], bases: 1 } })).toBe(false)
    expect(validate({ ...config, network: 'covnet' })).toBe(false)
    expect(validate({ ...config, stepss: 1 })).toBe(false)
    expect(validate({ ...config, network: 'mlp', augmentation: 'flip_scale' })).toBe(true)
  })
})
