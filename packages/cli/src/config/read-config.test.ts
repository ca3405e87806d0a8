import { readdirSync } from 'node:fs'
import { mkdir, mkdtemp, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import { readConfig } from './read-config.js'
import { configText } from './write-config.js'

const recipes = resolve(import.meta.dirname, '../../../../recipes')
const sgd = { learningRate: 1 }
const minimal = {
  name: 'x',
  data: 'mnist',
  network: 'convnet',
  set: 'factorized',
  objective: 'distribution-matching',
  optimizer: { bases: sgd, hallucinators: sgd },
  steps: 10,
}

let folder: string
let file: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'haba-config-'))
  file = join(folder, 'x.json')
})

async function read(change: object) {
  await writeFile(file, JSON.stringify({ ...minimal, ...change }))
  return readConfig(file)
}

/** The error's text behind "config FILE: ". */
const complaint = async (change: object) => {
  const error: unknown = await read(change).catch((caught: unknown) => caught)
  return (error as Error).message.replace(`config ${file}`, 'config x.json')
}

describe('a wrong configuration', () => {
  it.each([
    [{ stepz: 3 }, /^config x\.json: expected options of augmentation, .*, got "stepz"\. Did you mean "steps"\?$/],
    [
      { set: { use: 'factorized', basesPerClass: 0 } },
      'config x.json: set.basesPerClass: expected a whole number of at least 1, got 0. Meaning: bases a class: a number, or one for each class (default 1).',
    ],
    [
      { set: { use: 'factorized', basisPerClass: 1 } },
      /^config x\.json: set: expected options of .*basesPerClass, .*, got "basisPerClass"\. Did you mean "basesPerClass"\?$/,
    ],
    [
      { objective: { use: 'distribution_matching' } },
      /^config x\.json: objective: expected one of .*, distribution-matching, .*, got "distribution_matching"\. Did you mean "distribution-matching"\?$/,
    ],
    [
      { objective: { use: 'trajectory-matching' } },
      'config x.json: objective.experts: expected a path, got nothing. Add it: folder written by `haba experts`.',
    ],
    [
      { games: [{ use: 'adversarial-contrast', network: { use: 'convnet', pooling: 'averge' } }] },
      'config x.json: games[0].network.pooling: expected "average", "max", "none", got "averge". Did you mean "average"?',
    ],
    [
      { optimizer: { bases: { learningRate: '1' } } },
      'config x.json: optimizer.bases.learningRate: expected a number of at least 0, got "1". Meaning: step size.',
    ],
    [
      { evaluate: { learningRate: 'lerned' } },
      'config x.json: evaluate.learningRate: expected a number of more than 0, or "learned", got "lerned". Meaning: step size, or the set\'s learned one (default 0.01).',
    ],
    [
      { data: { folder: 'x' } },
      /^config x\.json: data: expected "use" with the name of a dataset: cifar10, .*, got none\./,
    ],
    [
      { steps: 1e12 },
      'config x.json: steps: expected a whole number of at least 1 and at most 1000000000, got 1000000000000. Meaning: of distillation.',
    ],
    [
      { evaluate: { networks: 1e6 } },
      'config x.json: evaluate.networks: expected a whole number of at least 1 and at most 10000, got 1000000. Meaning: fresh networks (default 5).',
    ],
    [
      { steps: undefined },
      'config x.json: steps: expected a whole number of at least 1, got nothing. Add it: of distillation.',
    ],
    [
      { experts: {} },
      'config x.json: experts.folder: expected a path, got nothing. Add it, or name the folder in the objective: both are the same.',
    ],
  ])('%j', async (change, message) => {
    expect(await complaint(change)).toEqual(typeof message === 'string' ? message : expect.stringMatching(message))
  })

  it('that is no JSON is refused with line and column', async () => {
    await writeFile(file, '{\n  "name": "x",\n  "steps": 10,,\n}')
    await expect(readConfig(file)).rejects.toThrow('expected JSON, got a mistake at line 3, column 15.')
  })

  it.each([
    ['{\n  "name": "x",\n  "random": True\n}', 'line 3, column 13. JSON has no True: values are'],
    ['{\n  "name": "x",\n  "seed": NaN,\n  "steps": 1\n}', 'line 3, column 11. JSON has no NaN'],
    ['// mine\n{\n  "name": "x",\n /* y */ "steps": 1,\n}', 'line 5, column 2.'],
    ["{\n  'name': 1\n}", "line 2, column 3. JSON has no 'name'"],
    ['{\n  "steps": 1,\n}\n\n', 'line 3, column 1.'],
    ['{\n  "rate": .5\n}\n', 'line 2, column 11. JSON has no .5'],
    ['{\n  "steps": 1\n\n', 'line 4, column 1.'],
    ['', 'line 1, column 1.'],
  ])('that is no JSON names the line of the mistake, whatever it is: %j', async (text, message) => {
    await writeFile(file, text)
    await expect(readConfig(file)).rejects.toThrow(`expected JSON, got a mistake at ${message}`)
    await writeFile(file, text.replaceAll('\n', '\r\n'))
    await expect(readConfig(file)).rejects.toThrow(`expected JSON, got a mistake at ${message.split(',')[0]}`)
  })

  it('that is missing is refused by name', async () => {
    await expect(readConfig(join(folder, 'none.json'))).rejects.toThrow(
      'none.json: expected a readable file, got ENOENT',
    )
  })
})

describe('a right configuration', () => {
  it('may be JSON with comments, which keep their places in errors', async () => {
    await writeFile(file, `// mine\n${JSON.stringify(minimal, null, 1).replace('"steps"', '/* few */ "steps"')} // end`)
    expect((await readConfig(file)).config.steps).toBe(10)
  })

  it('may name its schema', async () => {
    expect((await read({ $schema: './node_modules/@haba/cli/config.schema.json' })).config).toEqual(
      (await read({})).config,
    )
  })

  it('may be YAML, with the types of JSON alone', async () => {
    const yaml = join(folder, 'x.yaml')
    const lines = [
      '# mine',
      'network: &net { use: convnet, depth: 2 }',
      'games: [{ use: adversarial-contrast, network: *net }]',
    ]
    const { network: _, ...rest } = minimal
    for (const [name, value] of Object.entries(rest)) lines.push(`${name}: ${JSON.stringify(value)}`)
    await writeFile(yaml, lines.join('\n'))
    const { config } = await readConfig(yaml)
    const { network: __, games: ___, ...other } = (await read({})).config
    expect(config).toMatchObject(other)
    expect(config.games[0]!.network).toMatchObject({ use: 'convnet', depth: 2 })
  })

  it.each([
    ['name: x\nsteps: [1\n', 'expected YAML, got a mistake at line 3, column 1'],
    ['steps: 1\nsteps: 2\n', 'expected YAML, got a mistake at line 2, column 1. Map keys must be unique'],
    ['steps: .inf\n', 'steps: expected numbers, texts, true, false, null, lists and objects of them, got Infinity'],
    ['steps: !!binary aGk=\n', 'lists and objects of them, got Uint8Array'],
    [
      `a: &a [${'x, '.repeat(30)}]\nb: &b [${'*a, '.repeat(30)}]\nc: [${'*b, '.repeat(30)}]\n`,
      'a mistake at its aliases',
    ],
    ['['.repeat(1e5), 'at line 1, column 103. Values are nested more than 100 deep'],
    ['- '.repeat(1e5), 'Values are nested more than 100 deep'],
  ])('YAML that is none is refused with its place: %#', async (text, message) => {
    const yaml = join(folder, 'x.yaml')
    await writeFile(yaml, text)
    await expect(readConfig(yaml)).rejects.toThrow(message)
  })

  it('may be a module, in TypeScript too', async () => {
    const module = join(folder, 'x.ts')
    await writeFile(
      module,
      `const steps: number = 5 + 5\nexport default { ...${JSON.stringify(minimal)}, steps, seed: undefined }\n`,
    )
    expect((await readConfig(module)).config).toEqual((await read({})).config)
  })

  it.each([
    [
      'export const config = {}',
      'a configuration as the default export, got none. Write `export default defineConfig(',
    ],
    [
      'export default { name: () => 1 }',
      'name: expected numbers, texts, true, false, null, lists and objects of them, got Function',
    ],
    ['export default { name: 1n }', 'got BigInt'],
    ['export default {', 'expected a module that loads'],
  ])('a module that is none is refused by name: %s', async (text, message) => {
    const module = join(folder, `${message.length}.mjs`)
    await writeFile(module, text)
    await expect(readConfig(module)).rejects.toThrow(message)
  })

  it('takes values of the command line, checked like those of the file', async () => {
    await writeFile(file, JSON.stringify({ ...minimal, games: ['adversarial-contrast'] }))
    const set = [
      'objective.views=2',
      'games[0].network=mlp',
      'network.width=8',
      'set.basis=[14,14,1]',
      'optimizer.bases.learningRate=3',
    ]
    const { config, given } = await readConfig(file, { set })
    expect(config).toMatchObject({
      objective: { use: 'distribution-matching', views: 2 },
      games: [{ use: 'adversarial-contrast', network: { use: 'mlp' } }],
      network: { use: 'convnet', width: 8 },
      set: { basis: [14, 14, 1] },
      optimizer: { bases: { learningRate: 3 } },
    })
    expect(given).toMatchObject({ network: { use: 'convnet', width: 8 } })
    for (const [assignment, message] of [
      ['objective.view=2', 'Did you mean "views"?'],
      ['steps', '--set: expected OPTION=VALUE, such as objective.views=all, got steps'],
      ['=2', '--set: expected OPTION=VALUE'],
      ['games[2].network=mlp', '--set: expected a place from 0 to 1 of the list'],
      ['__proto__.polluted=1', '"__proto__"'],
    ] as const)
      await expect(readConfig(file, { set: [assignment] })).rejects.toThrow(message)
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined()
  })

  it('may begin with a byte order mark, and may be UTF-16', async () => {
    const text = `\uFEFF${JSON.stringify(minimal, null, 1).replaceAll('\n', '\r\n')}`
    await writeFile(file, text)
    expect((await readConfig(file)).config.name).toBe('x')
    await writeFile(file, text, 'utf16le')
    expect((await readConfig(file)).config.name).toBe('x')
  })

  it('is completed, and written with paths relative to where it is written', async () => {
    const { config, tables } = await read({
      data: { use: 'image-folder', root: 'images' },
      augmentation: 'flip_crop',
      games: ['adversarial-contrast'],
    })
    expect(config.data).toMatchObject({ root: join(folder, 'images'), channels: 3, preprocessing: 'none' })
    expect(config.augmentation).toEqual({ use: 'siamese', strategy: 'flip_crop', combine: 'one' })
    expect(config.games[0]).toMatchObject({ use: 'adversarial-contrast', cosine: 0.1, temperature: 0.07 })
    expect(config).toMatchObject({
      seed: 0,
      checkpointEvery: 100,
      evaluate: { protocol: 'dsa', learningRate: 0.01, networks: 5 },
    })

    const run = join(folder, 'runs/x')
    await mkdir(run, { recursive: true })
    const text = configText(config, tables, run)
    expect(JSON.parse(text)).toMatchObject({ data: { root: '../../images' } })
    await writeFile(join(run, 'config.json'), text)
    const again = await readConfig(join(run, 'config.json'))
    expect(again.config).toEqual(config)
    expect(configText(again.config, again.tables, run)).toBe(text)
  })

  it('is written without places outside, which a run folder is not believed: read and written again it is the same', async () => {
    const { config, tables } = await read({ data: { use: 'image-folder', root: 'images', cache: 'pixels' } })
    expect(config.data).toMatchObject({ cache: join(folder, 'pixels') })
    const run = join(folder, 'runs/cached')
    await mkdir(run, { recursive: true })
    const text = configText(config, tables, run)
    expect(JSON.parse(text)).toMatchObject({ data: { root: '../../images' } })
    expect(text).not.toContain('cache')
    const file = join(run, 'config.json')
    await writeFile(file, text)
    const again = await readConfig(file, { received: true })
    expect(again.ignored).toEqual([])
    expect(configText(again.config, again.tables, run)).toBe(text)
  })

  it('may say how networks train on real images', async () => {
    const { config } = await read({ objective: 'idc', training: { augmentation: 'flip_crop', mixing: 'cutmix' } })
    expect(config.training).toEqual({
      augmentation: { use: 'siamese', strategy: 'flip_crop', combine: 'one' },
      mixing: { use: 'cutmix', probability: 0.5 },
    })
  })

  it.each(readdirSync(recipes))('is what recipes/%s is', async (recipe) => {
    const { config } = await readConfig(join(recipes, recipe))
    expect(`${config.name}.json`).toBe(recipe)
  })
})

describe('plugins', () => {
  const entry = "{ summary: 'made up', options: { type: 'object', properties: {} }, make: () => ({}) }"
  /** A package in the folder's node_modules that exports ./plugin. */
  async function install(name: string, source: string) {
    const own = join(folder, 'node_modules', name)
    await mkdir(own, { recursive: true })
    await writeFile(
      join(own, 'package.json'),
      JSON.stringify({ name, type: 'module', exports: { './plugin': './plugin.js' } }),
    )
    await writeFile(join(own, 'plugin.js'), source)
  }

  it('of packages are found from the file, and their names can be used', async () => {
    await install('my-haba-plugin', `export const plugin = { datasets: { mine: ${entry} } }`)
    const { config } = await read({ plugins: ['my-haba-plugin'], data: 'mine' })
    expect(config.data).toEqual({ use: 'mine' })
    expect(config.plugins).toEqual(['my-haba-plugin'])
  })

  it('may not claim a name that is taken', async () => {
    await install('greedy', `export const plugin = { networks: { convnet: ${entry} } }`)
    await expect(read({ plugins: ['greedy'] })).rejects.toThrow(
      'plugin greedy: expected names that no other plugin has, got network "convnet", which @haba/networks has too.',
    )
  })

  it.each([
    ['absent-plugin', 'plugin absent-plugin: expected a package with "./plugin"'],
    ['./absent.js', 'plugin'],
  ])('that are not there are named: %s', async (name, message) => {
    await expect(read({ plugins: [name] })).rejects.toThrow(message)
  })

  it('that export no plugin, or fail to load, are refused', async () => {
    await install('empty', 'export const other = 1')
    await expect(read({ plugins: ['empty'] })).rejects.toThrow('expected an export named `plugin`, got none')
    await install('broken', "throw new Error('out of order')")
    await expect(read({ plugins: ['broken'] })).rejects.toThrow('expected a module that loads, got out of order')
  })
})
