import { existsSync } from 'node:fs'
import { cp, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { drawClasses } from './made-up-images.test-data.js'
import { openSet } from './folder/open-set.js'
import { contentsOf, runHaba } from './run-haba.test-data.js'

/** What a file says, as somebody with an editor sees it. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any
type Edited = any

let folder: string
/** A finished run of images from outside of it, before anybody changed it. */
let original: string
/** A copy that somebody sends. */
let run: string
/** What the plugin leaves where it runs. */
let mark: string
let plugin: string

const haba = (...args: readonly string[]) => runHaba(args)

async function refused(...args: readonly string[]): Promise<string> {
  const { code, text } = await haba(...args)
  expect(code, text).toBe(1)
  return text.trim().split('\n').at(-1)!
}

async function edit(change: (config: Edited) => void): Promise<void> {
  for (const file of ['config.json', 'identity.json']) {
    const { crc32: _, ...value } = JSON.parse(await readFile(join(run, file), 'utf8'))
    change(file === 'config.json' ? value : value.config)
    await writeFile(join(run, file), JSON.stringify(value, null, 2))
  }
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'haba-received-'))
  await drawClasses(join(folder, 'data/train'), { ant: 4, bee: 4 })
  await drawClasses(join(folder, 'data/test'), { ant: 2, bee: 2 }, { seed: 2 })
  const config = {
    name: 'run',
    data: { use: 'image-folder', root: 'data' },
    network: { use: 'convnet', depth: 1, width: 4 },
    set: { use: 'pixels', perClass: 1 },
    objective: { use: 'distribution-matching', realPerClass: 4 },
    optimizer: { images: { learningRate: 0.1 } },
    steps: 1,
    evaluate: { protocol: 'dsa', epochs: 1, networks: 1 },
    compare: { random: false },
  }
  await writeFile(join(folder, 'run.json'), JSON.stringify(config))
  original = join(folder, 'original')
  const { code, text } = await haba('distill', join(folder, 'run.json'), '--out', original)
  expect(code, text).toBe(0)
})

const before = { ...process.env }
beforeEach(async () => {
  run = join(folder, 'sent')
  await rm(run, { recursive: true, force: true })
  await cp(original, run, { recursive: true })
  mark = join(folder, 'was-here')
  await rm(mark, { force: true })
  process.env.XDG_CONFIG_HOME = join(folder, 'home')
  process.env.APPDATA = join(folder, 'home')
  await rm(join(folder, 'home'), { recursive: true, force: true })
})
afterEach(() => {
  for (const name of ['XDG_CONFIG_HOME', 'APPDATA'])
    if (before[name] === undefined) delete process.env[name]
    else process.env[name] = before[name]
})

describe('a plugin that a run folder names', () => {
  let written = 0
  /** A module runs once in a process, so each is a file of its own. */
  async function sendPlugin(): Promise<void> {
    plugin = join(run, `evil-${written++}.mjs`)
    await writeFile(
      plugin,
      `import { writeFileSync } from 'node:fs'\nwriteFileSync(${JSON.stringify(mark)}, '')\nexport const plugin = {}\n`,
    )
    await edit((config) => (config.plugins = [`./${plugin.slice(run.length + 1)}`]))
  }
  beforeEach(sendPlugin)

  it('is not run by any command, which say what would be run, and how to allow it', async () => {
    const commands = [
      ['show', run],
      ['evaluate', run],
      ['scores', run],
      ['continual', run],
      ['search', run],
      ['compare', original, run],
      ['distill', '--resume', run],
      ['budget', join(run, 'config.json')],
      ['distill', join(run, 'config.json'), '--out', join(folder, 'again')],
      ['experts', join(run, 'config.json')],
      ['data', 'check', join(run, 'config.json')],
    ]
    const sent = await contentsOf(run)
    for (const args of commands) {
      const error = await refused(...args)
      expect(error, args.join(' ')).toContain('plugins: expected none that you have not allowed')
      expect(error).toContain(`Nothing of it was run. If you trust it, add --allow-plugin ${plugin}`)
      expect(error).toContain(join(folder, 'home/haba/config.json'))
      expect(existsSync(mark), args.join(' ')).toBe(false)
    }
    await expect(openSet(run)).rejects.toThrow('none that you have not allowed')
    expect(existsSync(mark)).toBe(false)
    expect(await contentsOf(run)).toEqual(sent)
  })

  it('is run where it is allowed for a command, and in the list of the user', async () => {
    const other = join(folder, 'other.mjs')
    await writeFile(other, 'export const plugin = {}\n')
    expect(await refused('show', run, '--allow-plugin', other)).toContain('none that you have not allowed')
    const { code, text } = await haba('show', run, '--allow-plugin', other, '--allow-plugin', plugin)
    expect(code, text).toBe(0)
    expect(existsSync(mark)).toBe(true)
    await sendPlugin()
    await rm(mark)
    await mkdir(join(folder, 'home/haba'), { recursive: true })
    await writeFile(join(folder, 'home/haba/config.json'), JSON.stringify({ allowPlugins: [plugin] }))
    expect((await haba('show', run)).code).toBe(0)
    expect(existsSync(mark)).toBe(true)
  })

  it('is not allowed by the name of a package that the folder brings along', async () => {
    const own = join(run, 'node_modules/friendly')
    await mkdir(own, { recursive: true })
    const exports = { './plugin': './plugin.mjs' }
    await writeFile(join(own, 'package.json'), JSON.stringify({ name: 'friendly', exports }))
    await cp(plugin, join(own, 'plugin.mjs'))
    await edit((config) => (config.plugins = ['friendly']))
    expect(await refused('show', run, '--allow-plugin', 'friendly')).toContain(join(own, 'plugin.mjs'))
    expect(existsSync(mark)).toBe(false)
  })

  it('runs from a configuration of the user as before', async () => {
    const config = JSON.parse(await readFile(join(folder, 'run.json'), 'utf8'))
    await writeFile(join(folder, 'own.json'), JSON.stringify({ ...config, plugins: [plugin] }))
    await haba('budget', join(folder, 'own.json'), '--image', '8,8,3', '--classes', '2')
    expect(existsSync(mark)).toBe(true)
  })
})

describe('a run folder', () => {
  it('shows what it reads outside of itself before it reads it', async () => {
    await edit((config) => (config.data.root = '../nowhere'))
    const { code, text } = await haba('evaluate', run, '--workers', '1', '--baselines', 'none')
    expect(code).toBe(1)
    const shown = text.indexOf(`config.json reads files outside of its folder: ${join(folder, 'nowhere')}`)
    expect(shown).toBeGreaterThanOrEqual(0)
    expect(text.lastIndexOf('nowhere')).toBeGreaterThan(shown + 100)
    const check = await haba('data', 'check', join(run, 'config.json'))
    expect(check.text).toContain(`reads files outside of its folder: ${join(folder, 'nowhere')}`)
  })

  it('writes nothing where its configuration says', async () => {
    const cache = join(folder, 'cache-of-somebody')
    await edit((config) => (config.data.cache = cache))
    const { code, text } = await haba('evaluate', run, '--workers', '1', '--baselines', 'none')
    expect(code, text).toBe(0)
    expect(text).toContain(
      'ignored data.cache, because the configuration of a run folder must not choose where haba writes',
    )
    expect(existsSync(cache)).toBe(false)
    await edit(
      (config) =>
        (config.experts = { folder: cache, count: 1, epochs: 1, learningRate: 0.01, batch: 8, transform: 'none' }),
    )
    expect(await refused('experts', join(run, 'config.json'))).toContain('a configuration outside of run folders')
    expect(existsSync(cache)).toBe(false)
  })

  it('runs no program of an engine that it names', async () => {
    await edit((config) => (config.engine = { use: 'tensorflow', folder: './evil' }))
    const { text } = await haba('show', run)
    expect(text).toContain('ignored engine.folder')
    const backend = '../../../../../../..' + join(run, 'evil.cjs')
    await writeFile(join(run, 'evil.cjs'), `require('node:fs').writeFileSync(${JSON.stringify(mark)}, '')`)
    await edit((config) => (config.engine = { use: 'direct', backend }))
    expect(await refused('show', run)).toContain('engine.backend: expected')
    expect(existsSync(mark)).toBe(false)
  })

  it('with links in it is refused: haba would write through them', async () => {
    const outside = join(folder, 'outside')
    await mkdir(outside, { recursive: true })
    await writeFile(join(outside, 'mine.txt'), 'mine')
    await rm(join(run, 'metrics.jsonl'))
    await symlink(join(outside, 'mine.txt'), join(run, 'metrics.jsonl'))
    await rm(join(run, 'snapshots'), { recursive: true })
    await symlink(outside, join(run, 'snapshots'))
    for (const args of [
      ['show', run],
      ['distill', '--resume', run, '--steps', '3'],
      ['evaluate', run],
    ])
      expect(await refused(...args)).toMatch(/expected files and folders only, got links: metrics\.jsonl, snapshots/)
    expect(await readdir(outside)).toEqual(['mine.txt'])
    expect(await readFile(join(outside, 'mine.txt'), 'utf8')).toBe('mine')
  })
})
