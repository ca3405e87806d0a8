import { fork } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { kinds, type Failure, type Message, type Task } from './task.js'

export interface FuzzOptions {
  readonly readers: readonly string[]
  /** Of each reader. */
  readonly cases: number
  /** The first case. @default 0 */
  readonly from?: number
  readonly seed: number
  /** Whether damaged files are kept, and outcomes printed. @default false */
  readonly keep?: boolean
  /** A folder for the runs that readers are tried on, which are made where it is missing. @default a temporary one */
  readonly made?: string
  readonly onReader?: (result: FuzzResult) => void
}

/** What one reader did with its cases. */
export interface FuzzResult {
  readonly reader: string
  readonly cases: number
  readonly seed: number
  /** Cases that left a file that can be read. */
  readonly read: number
  /** Cases with an error of haba that names the file. */
  readonly refused: number
  /** Errors that are not haba's. */
  readonly foreign: number
  /** Errors of haba that do not name the file. */
  readonly unnamed: number
  /** Cases that asked for more memory than the reader may. */
  readonly memory: number
  /** Cases that took longer than `LONGEST`, or never answered. */
  readonly hangs: number
  /** Cases that ended the process. */
  readonly crashes: number
  /** The first of each kind. */
  readonly failures: readonly Failure[]
}

/** A case may take so many ms. */
const LONGEST = 20_000
/** Of JavaScript's own memory, in MB: what holds more than this ends the process. */
const HEAP = 600
/** So many failures are told of a reader. */
const TOLD = 30

/** Tries damaged files on readers, in another process. */
export async function fuzz(options: FuzzOptions): Promise<FuzzResult[]> {
  const { readers, seed, cases, from = 0, keep = false, onReader } = options
  const folder = await mkdtemp(join(tmpdir(), 'haba-fuzz-made-'))
  try {
    const made = options.made ?? join(folder, 'made')
    const { code } = existsSync(made) ? { code: 0 } : await child({ kind: 'make', made }, () => {}).ended
    if (code !== 0) throw new Error(`the runs that readers are tried on could not be made: exit code ${code}`)
    const tallies = new Map(readers.map((reader) => [reader, tallyOf(reader)]))
    const add = (failure: Failure) => tallies.get(failure.reader)!.add(failure)
    const results: FuzzResult[] = []
    const finish = (reader: string, counts: readonly number[]) => {
      const result = tallies.get(reader)!.result({ reader, cases, seed }, counts)
      onReader?.(result)
      results.push(result)
    }
    const to = from + cases
    const common = { kind: 'run', seed, from, to, made, progress: join(folder, 'progress'), keep } as const
    let task: RunTask = { ...common, readers, resume: from }
    while (task.readers.length > 0) {
      const end = await watched(task, (message) =>
        'done' in message ? finish(message.done, message.counts) : add(message),
      )
      if (end.code === 0) break
      if (end.at === undefined || end.code === 1)
        throw new Error('good files of a reader cannot be read, or cannot be damaged: see above')
      const [reader, ...rest] = task.readers.slice(end.reader) as [string, ...string[]]
      tallies.get(reader)!.keep(end.counts)
      // Node ends with 13 where nothing is left to wait for, and no answer has come.
      const hung = end.stopped || end.code === 13
      const text = hung ? 'no answer' : `exit code ${end.code}, ${end.signal}`
      add({ reader, case: end.at, outcome: hung ? 'hang' : 'crash', text })
      task = { ...common, readers: [reader, ...rest], resume: end.at + 1 }
    }
    return results
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

type RunTask = Extract<Task, { kind: 'run' }>

/** Adds up what became of the cases of a reader, over all processes that ran them. */
function tallyOf(reader: string) {
  const total = new Array<number>(kinds.length).fill(0)
  const failures = new Map<string, Failure>()
  let [hangs, crashes] = [0, 0]
  const keep = (counts: readonly number[]) => counts.forEach((count, i) => (total[i]! += count))
  return {
    keep,
    add(failure: Failure) {
      if (failure.outcome === 'hang') hangs++
      if (failure.outcome === 'crash') crashes++
      const alike = `${failure.outcome} ${failure.text.replace(/[\d"'].*|\/\S*/g, '')}`
      if (!failures.has(alike) && failures.size < TOLD) failures.set(alike, failure)
    },
    result(about: Pick<FuzzResult, 'reader' | 'cases' | 'seed'>, counts: readonly number[]): FuzzResult {
      keep(counts)
      const [read, refused, foreign, unnamed, memory] = total as [number, number, number, number, number]
      const found = { read, refused, foreign, unnamed, memory, hangs, crashes }
      return { ...about, reader, ...found, failures: [...failures.values()] }
    },
  }
}

/** Runs cases, and ends the process where one takes too long. */
async function watched(task: RunTask, add: (message: Message) => void) {
  await rm(task.progress, { force: true })
  const { ended, kill } = child(task, add)
  let over = false
  void ended.then(() => (over = true))
  let stopped = false
  let [last, since] = ['', Date.now()]
  while (!over) {
    await Promise.race([ended, setTimeout(500)])
    const now = (await readFile(task.progress).catch(() => Buffer.alloc(0))).toString('hex')
    if (now !== last) [last, since] = [now, Date.now()]
    else if (Date.now() - since > LONGEST && now !== '') {
      stopped = true
      kill()
      await ended
    }
  }
  const bytes = await readFile(task.progress).catch(() => undefined)
  const [reader, at, ...counts] = bytes ? [...new Int32Array(new Uint8Array(bytes).buffer)] : []
  return { ...(await ended), reader, at, counts, stopped }
}

function child(task: Task, add: (message: Message) => void) {
  const execArgv = ['--import', 'tsx', '--conditions=@haba/source', `--max-old-space-size=${HEAP}`]
  const process = fork(fileURLToPath(new URL('child.ts', import.meta.url)), [JSON.stringify(task)], {
    execArgv,
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  })
  process.on('message', (message) => add(message as Message))
  const ended = new Promise<{ code: number | null; signal: string | null }>((done) =>
    process.on('exit', (code, signal) => done({ code, signal })),
  )
  return { ended, kill: () => process.kill('SIGKILL') }
}
