import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { root } from '../packages.js'

interface Result {
  readonly testResults: readonly {
    readonly assertionResults: readonly {
      readonly ancestorTitles: readonly string[]
      readonly title: string
      readonly status: string
    }[]
  }[]
}

/** What each mutant is found by: a part of the title of a test that must fail. */
const found: Readonly<Record<string, string>> = {
  'objective: impure term': 'has the same loss with the same draw',
  'objective: order-dependent draw': 'draws the same with the same key',
  'objective: leak in draw': 'leaves no tensor behind',
  'objective: gradient 1 % off': 'finite differences',
  'objective: forgotten view': 'plain pixels that are all the images',
  'parameterization: impure render': 'finite differences',
  'parameterization: order-dependent start': 'starts the same',
  'parameterization: leak in start': 'leaves no other tensor behind',
  'parameterization: gradient 1 % off': 'finite differences',
  'parameterization: forgotten view': 'shows different images',
  'parameterization: wrong storage': 'stor',
  'game: impure penalty': 'finite differences',
  'game: order-dependent draw': 'draws the same',
  'game: leak in draw': 'leaves no tensor behind',
  'game: gradient 1 % off': 'finite differences in the critic',
  'augmentation: impure apply': 'acts alike',
  'augmentation: order-dependent draw': 'same with the same key',
  'augmentation: leak in draw': 'leaves no tensor behind',
  'augmentation: gradient 1 % off': 'finite differences',
  'mixing: impure apply': 'traced again',
  'mixing: order-dependent draw': 'same with the same key',
  'mixing: leak in draw': 'leaves no tensor behind',
  'mixing: gradient 1 % off': 'finite differences',
  'mixing: forgotten targets': 'mixes targets as it mixes images',
  'optimizer: impure update': 'pure functions',
  'optimizer: hidden state': 'pure functions',
  'optimizer: away from the gradient': 'comes nearer',
  'optimizer: state of another structure': 'keeps the structure',
  'network: impure apply': 'finite differences',
  'network: order-dependent start': 'starts the same',
  'network: gradient 1 % off': 'finite differences',
  'network: rows that see each other': 'treats every row by itself',
  'dataset: rows in another order': 'row by row in the order',
  'dataset: leak in images': 'leaves no other tensor behind',
  'dataset: inverse 1 % off': 'inverts its preprocessing',
  'engine: leak in a call': 'leaves',
  'engine: one op 1 % off': 'exp',
  'engine: linearized gradient 1 % off': 'linearizes',
  'engine: compiles at each call': 'calls compiles once for all values',
  'engine: prepares a derivative at each call': 'linearize compiles once for all values',
}

describe('a suite', () => {
  const failed = new Map<string, string[]>()
  beforeAll(async () => {
    const folder = await mkdtemp(join(tmpdir(), 'haba-mutants-'))
    const file = join(folder, 'result.json')
    const vitest = join(root, 'node_modules/vitest/vitest.mjs')
    const args = ['run', '--config', 'tools/mutants/vitest.config.ts', '--reporter', 'json', '--outputFile', file]
    const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('VITEST')))
    // It ends with 1, since tests fail.
    await new Promise<void>((resolve) =>
      execFile(process.execPath, [vitest, ...args], { cwd: root, env }, () => resolve()),
    )
    const { testResults } = JSON.parse(await readFile(file, 'utf8')) as Result
    for (const { ancestorTitles, title, status } of testResults.flatMap((one) => one.assertionResults)) {
      const [suite = ''] = ancestorTitles
      const titles = failed.get(suite) ?? []
      failed.set(suite, titles)
      if (status === 'failed') titles.push([...ancestorTitles.slice(1), title].join(' '))
    }
    await rm(folder, { recursive: true })
  }, 600_000)

  it.each(Object.entries(found))('finds the mutant %s', (suite, title) => {
    expect(failed.has(suite), [...failed.keys()].join(', ')).toBe(true)
    expect(failed.get(suite)!.join('\n')).toContain(title)
  })

  it('lets what is right pass, and has no mutant that is not listed here', () => {
    expect([...failed.keys()].filter((suite) => !(suite in found)).sort()).toEqual([
      'optimizer: good',
      'parameterization: good',
    ])
    expect(failed.get('optimizer: good')).toEqual([])
    expect(failed.get('parameterization: good')).toEqual([])
  })
})
