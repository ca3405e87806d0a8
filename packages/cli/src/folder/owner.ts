import { HabaError, parseJson, systemCode, systemError } from '@haba/core'
import { isStale, PARTIAL, writeWhole } from '@haba/core/files'
import { execFileSync } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { readFileSync, readlinkSync, rmSync } from 'node:fs'
import { readdir, readFile, rm } from 'node:fs/promises'
import { hostname } from 'node:os'
import { basename, join } from 'node:path'
import { performance } from 'node:perf_hooks'
import { setTimeout } from 'node:timers/promises'
import { checks } from './file-schemas.js'
import { isPacked } from './packed.js'
import { configOf } from './run-folder.js'

/** A process that writes into a folder, with what is needed to check whether it still runs. */
interface Owner {
  /** For example `haba distill`. */
  readonly command: string
  readonly pid: number
  /** When the process started, as an ISO date. */
  readonly since: string
  readonly host: string
  /** `/etc/machine-id`, boot id and namespace of process ids; empty if the system has none. */
  readonly machine: string
  readonly boot: string
  readonly namespace: string
  /** The start time of the process by the system, which distinguishes processes with the same id. Empty on Windows. */
  readonly started: string
}

/**
 * Runs work that writes into a folder, as its only owner. The lock is a file `.owner-….json` in the folder for the duration of
 * the work; files of dead processes are removed. Every process writes its own file before it looks for others, so of two that
 * start together at most one continues.
 *
 * @param folder an existing folder
 * @param command the command shown to other processes, such as `haba distill`
 * @throws HabaError naming the owner if another process owns the folder. A process of another host or container counts as
 * alive, because this one cannot check
 */
export async function owning<T>(folder: string, command: string, work: () => Promise<T>): Promise<T> {
  const release = await own(folder, command)
  process.once('exit', release)
  try {
    await removePartial(folder)
    return await work()
  } catch (error) {
    throw refusedBySystem(error, folder, command)
  } finally {
    process.off('exit', release)
    release()
  }
}

/** Adds to an error of the system what is safe and how to resume. */
function refusedBySystem(error: unknown, folder: string, command: string): unknown {
  const found = systemError(error, (error as NodeJS.ErrnoException | undefined)?.path ?? folder, 'to use it')
  if (!HabaError.is(found) || systemCode(found.cause) === undefined) return error
  const { source: who, expected, received: got, hint: todo } = found.facts
  const again =
    command === 'haba distill'
      ? `The last checkpoint is intact: resume with \`haba distill --resume ${folder}\`.`
      : 'Finished work is kept: then run the same command again.'
  return new HabaError(who, expected, got, `${todo} ${again}`, { cause: found.cause })
}

/** Removes partial files of killed owners. Young partial owner files stay: another process may be writing them. */
async function removePartial(folder: string): Promise<void> {
  for (const name of await readdir(folder, { recursive: true })) {
    const file = join(folder, name)
    if (name.endsWith(PARTIAL) && (!basename(name).startsWith('.owner-') || (await isStale(file))))
      await rm(file, { force: true })
  }
}

/** `owning` for a command on the folder of a run. @throws HabaError also if the folder holds none */
export async function owningRun<T>(folder: string, command: string, work: () => Promise<T>): Promise<T> {
  configOf(folder)
  return await owning(folder, command, work)
}

/** The same for a command that also takes a run packed into one file, which it only reads. */
export const usingRun = <T>(run: string, command: string, work: () => Promise<T>): Promise<T> =>
  isPacked(run) ? work() : owningRun(run, command, work)

const ownerFile = /^\.owner-[0-9a-f-]+\.json$/

/** Two processes that start together see each other; the first by name retries this often, with this delay in ms. */
const ATTEMPTS = 4
const PAUSE = 50

async function own(folder: string, command: string): Promise<() => void> {
  const name = `.owner-${randomUUID()}.json`
  const file = join(folder, name)
  const release = () => {
    try {
      rmSync(file, { force: true })
    } catch {
      // The folder is gone or cannot be written any more; whoever comes next sees that this process has ended.
    }
  }
  const mine: Owner = { command, ...self() }
  for (let attempt = 1; ; attempt++) {
    await writeWhole(file, `${JSON.stringify(mine, null, 2)}\n`)
    const others = await owners(folder, name).catch((error: unknown) => {
      release()
      throw error
    })
    const [first] = others
    if (first === undefined) return release
    release()
    if (attempt === ATTEMPTS || others.some((other) => other.name < name)) throw refusal(folder, first)
    await setTimeout(PAUSE)
  }
}

interface Other {
  readonly name: string
  readonly owner: Owner
  readonly state: 'alive' | 'elsewhere'
}

/** The other owners of a folder. Removes files of dead processes. */
async function owners(folder: string, mine: string): Promise<readonly Other[]> {
  const others: Other[] = []
  for (const name of (await readdir(folder)).filter((one) => ownerFile.test(one) && one !== mine).sort()) {
    const owner = await readOwner(join(folder, name))
    const state = owner === undefined ? 'dead' : stateOf(owner)
    if (state === 'dead') await rm(join(folder, name), { force: true })
    else others.push({ name, owner: owner!, state })
  }
  return others
}

/** Undefined if the file does not exist, or a crash of the machine left it empty. It is never partial, because it is renamed into place. */
async function readOwner(file: string): Promise<Owner | undefined> {
  try {
    const owner = parseJson(await readFile(file, 'utf8')) as Owner
    const wrong = checks.owner(owner)
    if (!wrong) return owner
    throw new HabaError(
      `owner ${file}`,
      `${wrong.field} to be ${wrong.expected}`,
      wrong.got,
      'If no other process writes into this folder, delete the file.',
    )
  } catch (error) {
    if (error instanceof SyntaxError || (error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

function stateOf({ pid, host, machine, boot, namespace, started }: Owner): 'alive' | 'dead' | 'elsewhere' {
  const here = self()
  if (host !== here.host || machine !== here.machine) return 'elsewhere'
  if (boot !== here.boot) return 'dead'
  if (namespace !== here.namespace) return 'elsewhere'
  return startOf(pid) === started ? 'alive' : 'dead'
}

function refusal(folder: string, { name, owner, state }: Other): HabaError {
  const { command, pid, host, since } = owner
  return new HabaError(
    `run ${folder}`,
    'no other process that writes into it',
    `\`${command}\`, process ${pid} on ${host} since ${since}`,
    state === 'alive'
      ? `Wait for it, or end it with \`kill ${pid}\`.`
      : `It may run on another host or in another container. If it has ended, delete ${join(folder, name)}.`,
  )
}

const self = (): Omit<Owner, 'command'> => ({
  pid: process.pid,
  since: new Date(performance.timeOrigin).toISOString(),
  host: hostname(),
  machine: orEmpty(() => readFileSync('/etc/machine-id', 'utf8').trim()),
  boot: orEmpty(() => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()),
  namespace: orEmpty(() => readlinkSync('/proc/self/ns/pid')),
  started: startOf(process.pid) ?? '',
})

/** The start time of a process by the system; undefined if it does not exist. */
function startOf(pid: number): string | undefined {
  if (process.platform === 'win32') return runs(pid) ? '' : undefined
  if (process.platform !== 'linux')
    return (
      orEmpty(() => execFileSync('ps', ['-o', 'lstart=', '-p', `${pid}`], { encoding: 'utf8' }).trim()) || undefined
    )
  const stat = orEmpty(() => readFileSync(`/proc/${pid}/stat`, 'utf8'))
  // The name in parentheses may contain anything. After it come the state and, 19 fields later, the start in ticks since boot.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return ['', 'Z', 'X'].includes(fields[0]!) ? undefined : fields[19]
}

function runs(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

function orEmpty(read: () => string): string {
  try {
    return read()
  } catch {
    return ''
  }
}
