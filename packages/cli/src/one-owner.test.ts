import { spawn, type ChildProcess } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { mkdtemp, readdir, readFile, writeFile } from 'node:fs/promises'
import { hostname, tmpdir } from 'node:os'
import { join, relative, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeAll, describe, expect, it } from 'vitest'
import { allowToyPlugin } from './allow-toy-plugin.test-data.js'

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url))

interface Started {
  readonly child: ChildProcess
  readonly ended: Promise<{ readonly code: number | null; readonly signal: string | null; readonly text: string }>
  /** Waits until the program has said this. */
  said(text: string): Promise<void>
}

const started: ChildProcess[] = []

/** Starts `haba` as people do in the repository: by its launcher. */
function haba(...args: readonly string[]): Started {
  const child = spawn(process.execPath, [here('../bin/haba.js'), ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
  started.push(child)
  let text = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (text += chunk.toString()))
  return {
    child,
    ended: new Promise((resolve) => child.on('close', (code, signal) => resolve({ code, signal, text }))),
    said: (wanted) => expect.poll(() => text, { timeout: 60_000 }).toContain(wanted),
  }
}

let folder: string
let config: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'haba-one-owner-'))
  await allowToyPlugin(folder)
  config = join(folder, 'toy.json')
  const toy = {
    name: 'toy',
    plugins: [relative(folder, here('./toy-plugin.test-data.ts')).split(sep).join('/')],
    data: { use: 'toy' },
    network: { use: 'convnet', depth: 1, width: 4 },
    set: { use: 'pixels', perClass: 1 },
    objective: { use: 'distribution-matching', realPerClass: 4 },
    optimizer: { images: { learningRate: 0.1 } },
    steps: 1_000_000,
    checkpointEvery: 1_000_000,
    evaluate: { protocol: 'dsa', epochs: 1, networks: 1 },
  }
  await writeFile(config, JSON.stringify(toy))
})
afterEach(() => started.splice(0).forEach((child) => child.kill('SIGKILL')))

const ownerOf = async (run: string) => {
  const [name] = (await readdir(run)).filter((one) => one.startsWith('.owner'))
  return name === undefined
    ? undefined
    : (JSON.parse(await readFile(join(run, name), 'utf8')) as { readonly pid: number })
}

function runs(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

describe.skipIf(process.platform === 'win32')('one run, one owner', () => {
  it('refuses a second process, which changes nothing, and lets the next one have what a killed one left', async () => {
    const run = join(folder, 'run')
    const first = haba('distill', config, '--out', run)
    await first.said('distilling: step')
    const { pid } = (await ownerOf(run))!
    const before = await readFile(join(run, 'config.json'), 'utf8')
    const others = [
      ['distill', '--resume', run, '--steps', '2000000'],
      ['distill', config, '--out', run],
      ['evaluate', run],
    ]
    for (const args of others) {
      const { code, text } = await haba(...args).ended
      expect(code).toBe(1)
      expect(text).toContain(`got \`haba distill\`, process ${pid} on ${hostname()} since `)
    }
    expect(await readFile(join(run, 'config.json'), 'utf8')).toBe(before)

    process.kill(pid, 'SIGKILL')
    expect((await first.ended).signal).toBe('SIGKILL')
    expect(await ownerOf(run)).toMatchObject({ pid })
    const next = haba('distill', '--resume', run)
    await next.said('distilling: step')
    expect((await ownerOf(run))!.pid).not.toBe(pid)
    next.child.kill('SIGTERM')
    await next.ended
    expect(await ownerOf(run)).toBeUndefined()
  })

  it.each(['SIGINT', 'SIGTERM'] as const)('passes %s on to the run, which ends in order', async (signal) => {
    const run = join(folder, signal)
    const { child, ended, said } = haba('distill', config, '--out', run)
    await said('distilling: step')
    child.kill(signal)
    const { code, text } = await ended
    expect(code, text).toBe(130)
    expect(text).toContain('Finishing this step')
    expect(existsSync(join(run, 'checkpoint.safetensors'))).toBe(true)
    expect(await ownerOf(run)).toBeUndefined()
  })

  it('ends the run in order when the launcher is killed', async () => {
    const run = join(folder, 'killed')
    const { child, said } = haba('distill', config, '--out', run)
    await said('distilling: step')
    const { pid } = (await ownerOf(run))!
    expect(pid).not.toBe(child.pid)
    child.kill('SIGKILL')
    await expect.poll(() => runs(pid), { timeout: 30_000 }).toBe(false)
    expect(existsSync(join(run, 'checkpoint.safetensors'))).toBe(true)
    expect(await ownerOf(run)).toBeUndefined()
  })

  it.skipIf(process.platform !== 'linux')('ends worker processes with the process that they work for', async () => {
    const run = join(folder, 'workers')
    expect((await haba('distill', config, '--out', run, '--steps', '1').ended).code).toBe(0)
    const { ended, said } = haba('evaluate', run, '--epochs', '100000', '--seeds', '2', '--workers', '2', '-b', 'none')
    await said('2 worker processes with')
    const { pid } = (await ownerOf(run))!
    const children = () => readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').map(Number)
    await expect.poll(() => children().length, { timeout: 30_000 }).toBe(2)
    const workers = children()
    process.kill(pid, 'SIGKILL')
    await expect.poll(() => workers.some(runs), { timeout: 60_000 }).toBe(false)
    await ended
  })
})
