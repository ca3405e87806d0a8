import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { writeSync, openSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { HabaError } from '@haba/core'
import { countAllocations, takeCount } from './allocations.js'
import { make } from './make.js'
import { randomFrom } from './random.js'
import { readers } from './readers/index.js'
import { kinds, type Message, type Outcome, type Task } from './task.js'

const task = JSON.parse(process.argv[2]!) as Task
process.emitWarning = () => {}

/** Asynchronous leftovers of a reader that has answered: they would end a program. */
let stray: unknown
process.on('unhandledRejection', (error) => (stray ??= error))
process.on('uncaughtException', (error) => (stray ??= error))

try {
  if (task.kind === 'make') await make(task.made)
  else await run(task)
  process.exit(0)
} catch (error) {
  console.error(error)
  process.exit(1)
}

type RunTask = Extract<Task, { kind: 'run' }>

async function run(task: RunTask): Promise<void> {
  const file = openSync(task.progress, 'w')
  for (const [number, name] of task.readers.entries()) {
    const counts = new Int32Array(2 + kinds.length)
    counts[0] = number
    const save = () => writeSync(file, new Uint8Array(counts.buffer), 0, counts.byteLength, 0)
    const add = (at: number, outcome?: Outcome) => {
      counts[1] = at
      if (outcome !== undefined) counts[2 + kinds.indexOf(outcome)]!++
      save()
    }
    await runReader(name, { ...task, from: number === 0 ? task.resume : task.from }, add)
    report({ done: name, counts: [...counts.subarray(2)] })
  }
}

/** @param add remembers a case that begins, or what became of it */
async function runReader(name: string, task: RunTask, add: (at: number, outcome?: Outcome) => void): Promise<void> {
  const { seed, from, to, made, keep } = task
  const reader = readers.find((one) => one.name === name)!
  const folder = await mkdtemp(join(tmpdir(), 'haba-fuzz-'))
  try {
    const { seeds, read, multiple, besides = 2 ** 20 } = await reader.open(folder, made)
    const originals = await Promise.all(
      seeds.map(async ({ file, bytes }) => bytes ?? new Uint8Array(await readFile(join(folder, file)))),
    )
    // Sizes of memory settle, and good files must be read.
    for (const [i, seed] of seeds.entries()) {
      await writeFile(join(folder, seed.file), originals[i]!)
      await read(join(folder, seed.file))
    }
    countAllocations()
    for (let at = from; at < to; at++) {
      add(at)
      const random = randomFrom(`${name} ${seed} ${at}`)
      const which = random.below(seeds.length)
      const path = join(folder, seeds[which]!.file)
      const bytes = random.pick(seeds[which]!.mutations)(originals[which]!, random)
      await writeFile(path, bytes)
      if (keep) await writeFile(join(process.cwd(), basename(path)), bytes)
      const allowed = besides + multiple * bytes.length
      const before = process.resourceUsage().maxRSS
      takeCount()
      stray = undefined
      const [outcome, text] = await attempt(() => read(path), path)
      const grown = 1024 * (process.resourceUsage().maxRSS - before)
      // Memory of the process grows for other reasons, too, but not by so much at once.
      const asked = Math.max(takeCount(), grown - 2 ** 28)
      const found = ((): readonly [Outcome, string] => {
        if (stray !== undefined) return ['foreign', `after it has answered: ${stackOf(stray)}`]
        if (asked > allowed) return ['memory', `${asked} bytes for a file of ${bytes.length}; it ${outcome}: ${text}`]
        return [outcome, text]
      })()
      add(at, found[0])
      if (found[0] !== 'read' && found[0] !== 'refused')
        report({ reader: name, case: at, outcome: found[0], text: found[1] })
      if (keep) console.log(`${found[0]}: ${found[1]}`)
      await mkdir(join(path, '..'), { recursive: true })
      await writeFile(path, originals[which]!)
    }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

async function attempt(read: () => Promise<unknown>, path: string): Promise<readonly [Outcome, string]> {
  try {
    await read()
    return ['read', '']
  } catch (error) {
    if (!HabaError.is(error)) return ['foreign', stackOf(error)]
    return [error.message.includes(basename(path)) ? 'refused' : 'unnamed', error.message.slice(0, 300)]
  }
}

function stackOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  return (error.stack ?? error.message).split('\n').slice(0, 5).join('\n').slice(0, 800)
}

function report(message: Message): void {
  process.send?.(message)
}
