import { foldIn, keyFrom, uniform } from '@haba/core'
import { PARTIAL } from '@haba/core/files'
import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { cp, mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, relative, sep } from 'node:path'
import { performance } from 'node:perf_hooks'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { jobs, writeInputs, type Job } from './chaos-jobs.js'

/** How often a job was killed, and what came of it. */
export interface JobResult {
  readonly name: string
  readonly command: string
  /** Files that it makes or changes. */
  readonly files: number
  /** Kills at random moments, and how many runs they were of: a run is killed until it ends. */
  readonly random: { readonly kills: number; readonly runs: number }
  /** Right before and right after a file gets its name; each kill is of a run of its own. */
  readonly renames: { readonly kills: number; readonly runs: number }
  /** Temporary files that kills left: whoever writes there an hour later removes them. */
  readonly left: number
  /** What went wrong, one line each. */
  readonly lost: readonly string[]
}

export interface ChaosOptions {
  /** At random moments, over all jobs. */
  readonly kills: number
  /** Whether every rename is met, too. */
  readonly renames: boolean
  readonly seed: number
  readonly program: Program
  /** Names of jobs. @default all */
  readonly only?: readonly string[]
  readonly say: (text: string) => void
}

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url))
const preload = ['--import', import.meta.resolve('./kill-at-rename.js')]
/** The command line as it is published, which must have been built; or its sources, which start in a few seconds more. */
const programs = {
  built: [...preload, here('../../packages/cli/dist/main.js')],
  sources: [
    '--conditions=@haba/source',
    '--import',
    import.meta.resolve('tsx'),
    ...preload,
    here('../../packages/cli/src/main.ts'),
  ],
}

type Program = keyof typeof programs

interface How {
  /** Seconds. */
  readonly killAfter?: number
  readonly env?: Readonly<Record<string, string>>
}

/** Runs a command of `haba` in a process of its own. */
async function haba(program: Program, folder: string, args: readonly string[], { killAfter, env = {} }: How = {}) {
  const began = performance.now()
  // Worker processes inherit HABA_CHAOS, by which they are found.
  const child = spawn(process.execPath, [...programs[program], ...args], {
    cwd: folder,
    env: { ...process.env, HABA_CHAOS: folder, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let text = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (text += chunk.toString()))
  const timer = killAfter === undefined ? undefined : setTimeout(() => child.kill('SIGKILL'), 1000 * killAfter)
  const { code, killed } = await new Promise<{ readonly code: number | null; readonly killed: boolean }>((resolve) =>
    child.on('exit', (code, signal) => resolve({ code, killed: signal === 'SIGKILL' })),
  )
  clearTimeout(timer)
  const seconds = (performance.now() - began) / 1000
  return { code, killed, text, seconds, outlived: !(await allEnd(folder)) }
}

/** Waits until no process of a folder lives, a minute at most. Only Linux tells. */
async function allEnd(folder: string): Promise<boolean> {
  for (let tries = 0; tries < 600; tries++) {
    if (!lives(folder)) return true
    await delay(100)
  }
  return false
}

function lives(folder: string): boolean {
  if (process.platform !== 'linux') return false
  return readdirSync('/proc').some((pid) => {
    if (!/^\d+$/.test(pid)) return false
    try {
      return readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0').includes(`HABA_CHAOS=${folder}`)
    } catch {
      // It ended meanwhile, or belongs to somebody else.
      return false
    }
  })
}

type Hashes = ReadonlyMap<string, string>

/** What a file says, but for how long something took, and the checksums and the order of lines that depend on it. */
function untimed(text: string): string {
  const fields = new Set(['seconds', 'saved', 'crc32'])
  const plain = (json: string) =>
    JSON.stringify(JSON.parse(json), (name, value: unknown) => (fields.has(name) ? undefined : value))
  try {
    return plain(text)
  } catch {
    return text.trim().split('\n').map(plain).sort().join('\n')
  }
}

/** SHA-256 of each file below a folder. @param timed files that hold how long something took */
async function hashes(folder: string, timed: readonly string[] = []): Promise<Hashes> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  const files = entries.filter((entry) => entry.isFile()).map(({ parentPath, name }) => join(parentPath, name))
  const hash = async (file: string) => {
    const bytes = await readFile(file)
    return createHash('sha256')
      .update(timed.includes(relative(folder, file)) ? untimed(bytes.toString()) : bytes)
      .digest('hex')
  }
  return new Map(
    await Promise.all(files.sort().map(async (file) => [relative(folder, file), await hash(file)] as const)),
  )
}

/** Files that are not in both folders with the same bytes. */
const differing = (a: Hashes, b: Hashes): readonly string[] =>
  [...new Set([...a.keys(), ...b.keys()])].filter((name) => a.get(name) !== b.get(name))

const argsOf = ({ command, resumed }: Job, folder: string) =>
  resumed && existsSync(join(folder, resumed.exists)) ? resumed.command : command

interface Prepared {
  readonly program: Program
  readonly job: Job
  /** A folder as it is before the job; it is copied. */
  readonly before: string
  /** What the job leaves when nothing disturbs it. */
  readonly whole: Hashes
  readonly seconds: number
  readonly renames: number
}

/** Kills a job, lets it go on, and compares. @param killsOf how each process is killed; undefined: not. @returns what went wrong */
async function disturb({ program, job, before, whole }: Prepared, killsOf: (attempt: number) => How | undefined) {
  const folder = await copyOf(before)
  let kills = 0
  const lost: string[] = []
  for (let attempt = 0; ; attempt++) {
    const how = killsOf(attempt)
    const { code, killed, text, outlived } = await haba(program, folder, argsOf(job, folder), how)
    if (outlived) lost.push(`${job.name}: a process outlived the one that was killed`)
    if (killed) {
      kills++
      continue
    }
    if (code !== 0) lost.push(`${job.name}: ended with ${code} after ${kills} kills: ${text.trim().split('\n').at(-1)}`)
    break
  }
  const all = differing(await hashes(folder, job.timed), whole)
  const other = all.filter((name) => !name.split(sep).some((part) => part.endsWith(PARTIAL)))
  if (other.length > 0) lost.push(`${job.name}: after ${kills} kills other bytes in ${other.join(', ')}`)
  await rm(folder, { recursive: true, force: true })
  return { kills, left: all.length - other.length, lost }
}

const copyOf = async (folder: string) => {
  const copy = await mkdtemp(join(tmpdir(), 'haba-chaos-'))
  await cp(folder, copy, { recursive: true })
  return copy
}

/** Runs a job undisturbed. @param before what it finds. @returns what it leaves, in a folder of its own */
async function undisturbed(program: Program, job: Job, before: string) {
  const folder = await copyOf(before)
  const counted = `${folder}.renames`
  const { code, text, seconds } = await haba(program, folder, job.command, { env: { COUNT_TO: counted } })
  if (code !== 0) throw new Error(`${job.name} ended with ${code} undisturbed:\n${text}`)
  const renames = Number(await readFile(counted, 'utf8'))
  await rm(counted)
  return { folder, seconds, renames }
}

/** Kills every command, at random moments and at every rename, and compares what it leaves with what an undisturbed run leaves. */
export async function chaos({ program, kills, renames, seed, only, say }: ChaosOptions): Promise<readonly JobResult[]> {
  const chosen = jobs.filter(({ name }) => only === undefined || only.includes(name))
  const needed = jobs.filter(({ name }) => chosen.some((one) => one.name === name || one.after.includes(name)))
  let state = await mkdtemp(join(tmpdir(), 'haba-chaos-'))
  await writeInputs(state)
  const results: JobResult[] = []
  for (const job of needed) {
    const before = state
    const { folder, ...measured } = await undisturbed(program, job, before)
    state = folder
    const [found, whole] = [await hashes(before, job.timed), await hashes(folder, job.timed)]
    if (chosen.includes(job)) {
      const index = chosen.indexOf(job)
      const share = Math.floor(((index + 1) * kills) / chosen.length) - Math.floor((index * kills) / chosen.length)
      const prepared = { program, job, before, whole, ...measured }
      const random = await randomly(prepared, share, foldIn(keyFrom(seed), job.name))
      const named = renames ? await atRenames(prepared) : { kills: 0, runs: 0, left: 0, lost: [] }
      const result: JobResult = {
        name: job.name,
        command: `haba ${job.command.join(' ')}`,
        files: differing(found, whole).length,
        random: { kills: random.kills, runs: random.runs },
        renames: { kills: named.kills, runs: named.runs },
        left: random.left + named.left,
        lost: [...random.lost, ...named.lost],
      }
      results.push(result)
      say(toldOf(result))
    }
    await rm(before, { recursive: true, force: true })
  }
  await rm(state, { recursive: true, force: true })
  return results
}

const toldOf = ({ name, random, renames, lost }: JobResult) =>
  [
    `${name}: ${random.kills} kills at random moments of ${random.runs} runs, ${renames.kills} at renames; ${lost.length} lost`,
    ...lost.map((line) => `  ${line}`),
  ].join('\n')

/** Kills at random moments until there were enough. */
async function randomly(prepared: Prepared, kills: number, key: ReturnType<typeof keyFrom>) {
  const total = { kills: 0, runs: 0, left: 0, lost: [] as string[] }
  while (total.kills < kills) {
    // Beyond the end of a run, too: a job that begins anew each time ends only where it is not killed.
    const share = uniform(foldIn(key, total.runs), 64, 0.1, 1.3)
    const run = await disturb(prepared, (attempt) =>
      total.kills + attempt < kills && attempt < share.length
        ? { killAfter: share[attempt]! * prepared.seconds }
        : undefined,
    )
    total.kills += run.kills
    total.runs++
    total.left += run.left
    total.lost.push(...run.lost)
  }
  return total
}

/** Kills right before and right after each rename, every time in another run. */
async function atRenames(prepared: Prepared) {
  const total = { kills: 0, runs: 0, left: 0, lost: [] as string[] }
  for (let at = 1; at <= prepared.renames; at++)
    for (const side of ['before', 'after']) {
      const run = await disturb(prepared, (attempt) =>
        attempt === 0 ? { env: { KILL_AT: `${at}:${side}` } } : undefined,
      )
      total.kills += run.kills
      total.runs++
      total.left += run.left
      total.lost.push(...run.lost.map((line) => `${line} (${side} rename ${at})`))
      if (run.kills !== 1) total.lost.push(`${prepared.job.name}: rename ${at} was not met`)
    }
  return total
}
