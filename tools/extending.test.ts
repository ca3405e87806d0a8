import { spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { stripVTControlCharacters } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { root } from './packages.js'

const page = readFileSync(join(root, 'docs/extending.md'), 'utf8')
/** Inside the repository, so that packages are found by their names. */
const folder = join(root, 'node_modules/.cache/extending')

/** The files of the package that the page shows, by their paths. */
const files = new Map(
  [...page.matchAll(/^`(haba-mean-pixels\/[^`]+)`:\n\n```[^\n]*\n([\s\S]*?)^```$/gm)].map(
    ([, path = '', text = '']) => [path, text],
  ),
)
/** The code of a section's example, which a suite is put behind. */
const example = (heading: string) =>
  new RegExp(`^## ${heading}\n[\\s\\S]*?^\`\`\`ts\n([\\s\\S]*?)^\`\`\`$`, 'm').exec(page)![1]!

const suites = {
  'A set': `testParameterization({ make: () => halved({ image: [6, 4, 1], classes: 2, perClass: 2 }) })`,
  'A game or a regularizer': `testGame({ make: () => smooth(3) })`,
  'A network': `testNetwork({
    make: () => convNet({ image: [4, 4, 2], classes: 3, depth: 1, width: 4, normalization: groupNormalization(4), activation: gated }),
    image: [4, 4, 2],
    classes: 3,
  })`,
  'An augmentation': `testAugmentation({ make: () => brightness(0.2) })`,
  'A mixing': `testMixing({ make: halves })`,
  'A data set': `testDataset({ name: 'noise', make: () => noise, sizes: { train: 40, test: 20 } })`,
  'An optimizer': `testOptimizer({ name: 'signs', make: () => signs(0.01) })`,
} as const

const run = (program: string, ...args: readonly string[]) => {
  const env = { ...process.env, NODE_OPTIONS: '' }
  const { status, stdout, stderr } = spawnSync(join(root, 'node_modules/.bin', program), args, {
    cwd: folder,
    env,
    encoding: 'utf8',
  })
  return { status, text: stripVTControlCharacters(stdout + stderr) }
}

function write(path: string, text: string): void {
  mkdirSync(dirname(join(folder, path)), { recursive: true })
  writeFileSync(join(folder, path), text)
}

describe('docs/extending.md', () => {
  beforeAll(() => {
    rmSync(folder, { recursive: true, force: true })
    for (const [path, text] of files) write(path, text)
    mkdirSync(join(folder, 'node_modules'))
    symlinkSync(join(folder, 'haba-mean-pixels'), join(folder, 'node_modules/haba-mean-pixels'))
    for (const [i, [heading, call]] of Object.entries(suites).entries())
      write(
        `suites/${i}.test.ts`,
        `${example(heading)}\nimport { ${/^\w+/.exec(call)![0]} } from '@haba/testing'\n${call}\n`,
      )
  })

  afterAll(() => rmSync(folder, { recursive: true }))

  it('shows a package of four files', () => {
    expect([...files.keys()].map((path) => path.replace('haba-mean-pixels/', ''))).toEqual([
      'package.json',
      'src/mean-pixels.ts',
      'src/plugin.ts',
      'src/mean-pixels.test.ts',
    ])
  })

  it('has types that hold', () => {
    const options = { extends: join(root, 'tsconfig.base.json'), include: ['haba-mean-pixels/src', 'suites'] }
    write('tsconfig.json', JSON.stringify({ ...options, compilerOptions: { noUnusedLocals: false } }))
    expect(run('tsc', '--noEmit', '--project', folder)).toEqual({ status: 0, text: '' })
  })

  it('has examples that pass their suites', () => {
    const { status, text } = run('vitest', 'run', '--config', join(root, 'vitest.config.ts'), '--root', folder)
    expect(status, text).toBe(0)
    expect(text).toMatch(/Test Files +8 passed/)
  })

  it('has a plugin that a configuration names by its package', () => {
    const entries = ['mean-pixels', 'plugin'].map((name) => `src/${name}.ts`)
    const built = run('esbuild', ...entries.map((path) => `haba-mean-pixels/${path}`), '--outdir=haba-mean-pixels/dist')
    expect(built.status, built.text).toBe(0)
    const config = {
      name: 'extending',
      plugins: ['haba-mean-pixels'],
      data: 'mnist',
      network: { use: 'convnet', depth: 1, width: 4 },
      set: 'pixels',
      objective: { use: 'mean-pixels', realPerClass: 8 },
      optimizer: { images: { learningRate: 0.1 } },
      steps: 2,
      evaluate: { epochs: 1, networks: 1 },
      compare: { random: false },
    }
    write('config.json', JSON.stringify(config))
    const main = join(root, 'packages/cli/src/main.ts')
    const { status, text } = run('tsx', '--conditions=@haba/source', main, 'distill', 'config.json', '--out', 'run')
    expect(status, text).toBe(0)
    const wrong = { ...config, objective: { use: 'mean-pixels', weight: -1 } }
    write('wrong.json', JSON.stringify(wrong))
    expect(run('tsx', '--conditions=@haba/source', main, 'distill', 'wrong.json').text).toContain('weight')
    expect(run('tsx', '--conditions=@haba/source', main, 'show', 'run').text).toContain('--allow-plugin')
  })
})
