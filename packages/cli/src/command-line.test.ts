import { spawn } from 'node:child_process'
import { mkdtemp, readdir, readFile, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { beforeAll, describe, expect, it } from 'vitest'

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url))
const tsx = here('../../../node_modules/tsx/dist/cli.mjs')
const recipe = here('../../../recipes/quick.json')

interface Ended {
  readonly code: number | null
  readonly text: string
}

/** Runs `haba` as people do; `interruptAt` sends Ctrl-C's signal when the text appears. */
function haba(args: readonly string[], interruptAt?: string): Promise<Ended> {
  return new Promise((resolve) => {
    // Without tsx's own process in between, a signal reaches the program itself.
    const child = spawn(
      process.execPath,
      ['--conditions=@haba/source', '--import', join(tsx, '../loader.mjs'), here('./main.ts'), ...args],
      { stdio: ['ignore', 'pipe', 'pipe'] },
    )
    let text = ''
    let sent = false
    const hear = (chunk: Buffer) => {
      text += chunk.toString()
      if (!sent && interruptAt !== undefined && text.includes(interruptAt)) sent = child.kill('SIGINT')
    }
    child.stdout.on('data', hear)
    child.stderr.on('data', hear)
    child.on('close', (code) => resolve({ code, text }))
  })
}

/** The recipe with some keys changed, as a file of its own. */
async function configWith(change: (config: Record<string, never>) => void): Promise<string> {
  const config = JSON.parse(await readFile(recipe, 'utf8')) as Record<string, never>
  change(config)
  const path = join(await mkdtemp(join(tmpdir(), 'haba-config-')), 'config.json')
  await writeFile(path, JSON.stringify(config))
  return path
}

const filesOf = async (folder: string) =>
  Object.fromEntries(
    await Promise.all(
      (await readdir(folder, { recursive: true, withFileTypes: true }))
        .filter((entry) => entry.isFile())
        .map(({ parentPath, name }) => join(parentPath, name))
        .map(async (path) => [relative(folder, path), (await readFile(path)).toString('base64')] as const),
    ),
  )

describe('haba distill', () => {
  let runs: string
  beforeAll(async () => {
    runs = await mkdtemp(join(tmpdir(), 'haba-runs-'))
    const { code, text } = await haba(['distill', recipe, '--out', join(runs, 'whole')])
    expect(code, text).toBe(0)
  })

  it('writes the same bytes for the same seed', async () => {
    await haba(['distill', recipe, '--out', join(runs, 'again')])
    const [whole, again] = [await filesOf(join(runs, 'whole')), await filesOf(join(runs, 'again'))]
    expect(Object.keys(whole).sort()).toEqual([
      'checkpoint-3.safetensors',
      'checkpoint.safetensors',
      'config.json',
      'events.out.tfevents.haba',
      'grid.png',
      'identity.json',
      'jpeg.json',
      'metrics.jsonl',
      'report.html',
      'result.json',
      'set.json',
      'set.safetensors',
      join('snapshots', '1.safetensors'),
      join('snapshots', '2.safetensors'),
      join('snapshots', '5.safetensors'),
    ])
    for (const [name, bytes] of Object.entries(whole)) expect(again[name] === bytes, name).toBe(true)
  })

  it('ends at a step on Ctrl-C, says how to resume, and resumed equals a run in one go', async () => {
    const folder = join(runs, 'interrupted')
    const ended = await haba(['distill', recipe, '--out', folder], 'step 1/')
    expect(ended.code, ended.text).toBe(130)
    expect(ended.text).toContain(`haba distill --resume ${folder}`)
    const resumed = await haba(['distill', '--resume', folder])
    expect(resumed.code, resumed.text).toBe(0)
    const [whole, parts] = [await filesOf(join(runs, 'whole')), await filesOf(folder)]
    for (const [name, bytes] of Object.entries(whole)) expect(parts[name] === bytes, name).toBe(true)
  })

  it('never writes over a run', async () => {
    const { code, text } = await haba(['distill', recipe, '--out', join(runs, 'whole')])
    expect(code).toBe(1)
    expect(text).toContain('expected a new folder, got one that holds a run')
  })

  it('evaluates and shows a finished run', async () => {
    const evaluated = await haba(['evaluate', join(runs, 'whole'), '--seeds', '2', '--baselines', 'random'])
    expect(evaluated.code, evaluated.text).toBe(0)
    expect(evaluated.text).toMatch(/\d+\.\d\d ± \d+\.\d\d %/)
    const shown = await haba(['show', join(runs, 'whole')])
    expect(shown.code, shown.text).toBe(0)
    expect(shown.text).toContain('report.html')
  })
})

describe('a wrong configuration', () => {
  it.each([
    ['an unknown key', (c: Record<string, unknown>) => (c['stepz'] = 3), 'stepz'],
    [
      'a number out of range',
      (c: Record<string, unknown>) => (c['steps'] = 0),
      'steps: expected a whole number of at least 1, got 0',
    ],
    [
      'an unknown name',
      (c: Record<string, unknown>) => (c['objective'] = { use: 'distribution-macthing' }),
      'distribution-matching',
    ],
    [
      'an unknown option',
      (c: Record<string, unknown>) => (c['set'] = { use: 'factorized', hallucinatorz: 2 }),
      'hallucinators',
    ],
  ])('with %s is refused before anything is written, and says what was meant', async (_, change, message) => {
    const { code, text } = await haba(['distill', await configWith(change), '--out', join(tmpdir(), 'haba-never')])
    expect(code).toBe(1)
    expect(text).toContain(message)
    expect(text).not.toContain('    at ')
  })
})
