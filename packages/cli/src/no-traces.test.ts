import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readdir, readFile, realpath, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, relative, resolve, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import { beforeAll, describe, expect, it } from 'vitest'
import { toyPlugin } from './allow-toy-plugin.test-data.js'

// strace shows system calls of all processes and threads: also files that are deleted again, and names that are looked up
// in vain, which a network namespace would not show. It needs no privileges. Continuous integration on Linux must have it
// (Debian, Ubuntu: apt install strace). They take minutes, so they run where HABA_REQUIRE_STRACE=1 asks, and fail there without it.
const strace = ['/usr/bin/strace', '/bin/strace'].some((path) => existsSync(path))
const skipped = process.env.HABA_REQUIRE_STRACE !== '1'
const why = 'HABA_REQUIRE_STRACE=1 runs it, with strace on Linux'
const tensorflow = process.env.HABA_TENSORFLOW

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url))

const calls = [
  ...['?open', 'openat', '?openat2', '?creat', '?mkdir', 'mkdirat', '?mknod', 'mknodat', '?rename', '?renameat'],
  ...['renameat2', '?link', 'linkat', '?symlink', 'symlinkat', 'socket', 'connect'],
]

interface Traced {
  readonly code: number | null
  readonly text: string
  /** Lines of strace: files written outside of the work folder, and sockets that are not local. */
  readonly faults: readonly string[]
  /** What lies in the home and in the folder for temporary files at the end. */
  readonly left: readonly string[]
}

/** The folder in which commands run: the only one that they may write into. */
let work: string

/** Runs node with a fresh home and almost no environment: `CI` by itself would switch telemetry off. */
async function traced(args: readonly string[], more: NodeJS.ProcessEnv = {}): Promise<Traced> {
  const root = await realpath(await mkdtemp(join(tmpdir(), 'haba-traces-')))
  const [home, temporary, log] = [join(root, 'home'), join(root, 'temporary'), join(root, 'strace.log')]
  await mkdir(home)
  await mkdir(temporary)
  const env = {
    PATH: process.env.PATH,
    HOME: home,
    TMPDIR: temporary,
    // The loader of TypeScript, which is not published, would fill a cache of its own.
    TSX_DISABLE_CACHE: '1',
    ...more,
  }
  const options = ['-f', '--seccomp-bpf', '-qq', '-y', '-s', '4096', '-o', log, '-e', `trace=${calls.join()}`]
  const child = spawn('strace', [...options, process.execPath, ...args], {
    cwd: work,
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let text = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (text += chunk.toString()))
  const code = await new Promise<number | null>((done, fail) => child.on('close', done).on('error', fail))
  // Graphs on their way to TensorFlow are files for a moment.
  const allowed = [work, join(temporary, 'haba-graph-'), '/dev/', '/proc/self/']
  const faults = (await readFile(log, 'utf8')).split('\n').filter((line) => isFault(line, allowed))
  return { code, text, faults, left: [...(await readdir(home)), ...(await readdir(temporary))] }
}

function isFault(line: string, allowed: readonly string[]): boolean {
  const [, name, args] = (/^\d+ +(\w+)\((.*)/.exec(line) ?? []) as (string | undefined)[]
  if (name === undefined || args === undefined) return false
  // Services of the machine that look names up would do it for the process.
  if (name === 'connect') return /"[^"]*(io\.systemd\.Resolve|nscd)/.test(args)
  if (name === 'socket') return !/^AF_(UNIX|NETLINK)\b/.test(args)
  if (name.startsWith('open') && !/O_WRONLY|O_RDWR|O_CREAT/.test(args)) return false
  return pathsIn(args).some((path) => !allowed.some((start) => path.startsWith(start)))
}

/** The paths of a call; before one that is relative, strace shows its folder. */
const pathsIn = (args: string): readonly string[] =>
  [...args.matchAll(/(?:<([^>]*)>, )?"((?:[^"\\]|\\.)*)"/g)].map(([, folder = work, path]) => resolve(folder, path!))

const matching = { use: 'distribution-matching', realPerClass: 4 }
const trajectories = { use: 'trajectory-matching', experts: 'experts', steps: 2, expertEpochs: 1, maxStartEpoch: 1 }

async function config(name: string, more: object): Promise<string> {
  const toy = {
    name,
    seed: 3,
    plugins: [relative(work, toyPlugin).split(sep).join('/')],
    data: { use: 'toy' },
    network: { use: 'convnet', depth: 1, width: 4 },
    set: { use: 'pixels', perClass: 1 },
    objective: matching,
    optimizer: { images: { learningRate: 0.1 } },
    steps: 2,
    evaluate: { protocol: 'dsa', epochs: 1, networks: 1 },
    compare: { random: true },
    ...more,
  }
  await writeFile(join(work, `${name}.json`), JSON.stringify(toy))
  return `${name}.json`
}

async function expectNoTraces(args: readonly string[], more: NodeJS.ProcessEnv = {}, ends = 0): Promise<string> {
  const { code, text, faults, left } = await traced([here('../bin/haba.js'), ...args], more)
  expect(code, text).toBe(ends)
  expect(faults, text).toEqual([])
  expect(left).toEqual([])
  return text
}

describe.skipIf(skipped)(`no network, no traces${skipped ? ` (skipped: ${why})` : ''}`, () => {
  beforeAll(async () => {
    if (!strace) throw new Error('expected strace, got none: apt install strace')
    work = await realpath(await mkdtemp(join(tmpdir(), 'haba-traces-work-')))
    await config('toy', {})
    await config('mtt', { objective: trajectories, experts: { count: 1, epochs: 1, batch: 8 } })
  })

  it('is a test that fails: onnxruntime as it comes leaves traces', async () => {
    const program = `require(process.argv[1]).InferenceSession.create(Buffer.from('none')).catch(() => {})`
    const { faults } = await traced(['-e', program, here('../../../node_modules/onnxruntime-node')])
    expect(faults.join('\n')).toContain('/.cache/Microsoft/')
  })

  it('haba distill with the recipe quick', async () => {
    await expectNoTraces(['distill', here('../../../recipes/quick.json')])
    expect(existsSync(join(work, 'runs/quick/report.html'))).toBe(true)
  })

  const few = ['--seeds', '1', '--epochs', '1']
  const allow = ['--allow-plugin', toyPlugin]
  const space = '{"width":[32],"depth":[1],"normalization":["none"],"activation":["relu"],"pooling":["average","max"]}'
  const commands: readonly (readonly [name: string, ...args: string[]])[] = [
    ['distill', 'toy.json'],
    ['distill', 'toy.json', '--out', 'runs/again', '--seed', '4'],
    ['encode', 'runs/toy', ...allow],
    ['scores', 'runs/toy', ...few, ...allow],
    ['continual', 'runs/toy', '--steps', '2', ...few, ...allow],
    ['search', 'runs/toy', '--space', space, '--epochs', '1', '--real-epochs', '1', ...allow],
    ['show', 'runs/toy', ...allow],
    ['compare', 'runs/toy', 'runs/again', ...allow],
    ['budget', 'runs/toy/config.json', '--image', '8,8,1', '--classes', '3', ...allow],
    ['experts', 'mtt.json'],
    ['options'],
    ['doctor'],
    ['--help'],
  ]
  it.each(commands)('haba %s', async (...args) => {
    await expectNoTraces(args)
  })

  it('haba evaluate, in two worker processes', async () => {
    const args = [
      'evaluate',
      'runs/toy',
      '--seeds',
      '2',
      '--epochs',
      '1',
      '--workers',
      '2',
      '--baselines',
      'none',
      ...allow,
    ]
    expect(await expectNoTraces(args)).toContain('2 worker processes with')
  })

  it('haba data get, before it fetches anything', async () => {
    await expectNoTraces(['data', 'get', 'nothing'], {}, 1)
  })

  const absent = tensorflow ? '' : ' (skipped: HABA_TENSORFLOW names no TensorFlow)'
  it.skipIf(!tensorflow)(`TensorFlow${absent}`, async () => {
    const args = ['distill', 'toy.json', '--engine', 'tensorflow', '--out', 'tensorflow']
    const text = await expectNoTraces(args, { HABA_TENSORFLOW: tensorflow })
    expect(text).not.toContain('Using onnx')
  })
})
