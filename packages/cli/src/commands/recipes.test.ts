import { mkdtemp, readdir, readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { commandLine } from '../command-line.js'
import { readConfig } from '../config/read-config.js'

const recipes = resolve(import.meta.dirname, '../../../../recipes')

async function said(...args: readonly string[]) {
  let text = ''
  const screen = { write: (more: string) => void (text += more) }
  const code = await commandLine(args, { out: screen, err: screen })
  return { code, text }
}

describe('recipes', () => {
  const before = process.cwd()
  beforeEach(async () => process.chdir(await mkdtemp(join(tmpdir(), 'haba-init-'))))
  afterEach(() => process.chdir(before))

  it('are listed one a line', async () => {
    const { text } = await said('recipes')
    expect(text).toMatch(/^mnist-haba +mnist, factorized, distribution-matching$/m)
    const listed = [...text.matchAll(/^(\S+) {2}/gm)].map(([, name]) => `${name}.json`).sort()
    expect(listed).toEqual((await readdir(recipes)).sort())
  })

  it('are copied to the current folder, once', async () => {
    expect(await said('init')).toEqual({ code: 0, text: 'haba distill mnist-haba.json\n' })
    expect(await readFile('mnist-haba.json', 'utf8')).toBe(await readFile(join(recipes, 'mnist-haba.json'), 'utf8'))
    expect(await said('init', 'mnist-haba')).toMatchObject({
      code: 1,
      text: expect.stringContaining('no file mnist-haba.json yet, got one') as string,
    })
  })

  it('look for data and experts in the current folder', async () => {
    expect((await said('init', 'mnist-mtt')).text).toMatch(
      /^haba experts mnist-mtt\.json .*\nhaba distill mnist-mtt\.json\n$/,
    )
    expect(JSON.parse(await readFile('mnist-mtt.json', 'utf8'))).toMatchObject({ experts: { folder: 'experts/mnist' } })
    await readConfig('mnist-mtt.json')
  })

  it('of an unknown name are refused with one that exists', async () => {
    const { code, text } = await said('init', 'mnist-hab')
    expect(code).toBe(1)
    expect(text).toContain('haba init: expected the name of a recipe, got mnist-hab. Did you mean mnist-haba?')
  })
})
