import { HabaError } from '@haba/core'
import { planWorkers, type Lane } from '@haba/eval'
import { fork, type ChildProcess } from 'node:child_process'
import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'
import type { ReadConfig } from '../config/read-config.js'
import { interrupted, type Interruption } from '../interruption.js'
import { defaultEngine } from '../plugins/engines.js'
import type { Progress } from '../progress.js'
import { openMeasuring, type MeasuredNetwork, type MeasuringJob, type MeasuringOptions } from '../run/measuring.js'
import type { FromWorker, ToWorker } from './messages.js'

export interface LanesOptions {
  readonly read: ReadConfig
  readonly measuring: MeasuringOptions
  /** How many there are to do. */
  readonly jobs: number
  /** @default as many as there are cores and jobs for */
  readonly workers?: number
  readonly progress: Progress
  readonly interruption: Interruption
}

/** Where jobs are done. */
export interface Lanes {
  readonly lanes: readonly Lane<MeasuringJob, MeasuredNetwork>[]
  close(): Promise<void>
}

/**
 * Opens a run for measuring in as many processes as are worth it. Together they use no more threads than there are cores;
 * an engine that is no CPU's own is not shared: there, and for a single worker, jobs are done in this process.
 */
export async function openLanes(options: LanesOptions): Promise<Lanes> {
  const { read, measuring, jobs, progress, interruption } = options
  const shared = ['onnx', defaultEngine].includes(measuring.engine ?? read.config.engine.use)
  const cores = availableParallelism()
  const { workers, threads } = planWorkers({
    cores,
    jobs: shared ? jobs : 1,
    ...(options.workers !== undefined && { workers: options.workers }),
  })
  if (workers === 1) {
    const own = await openMeasuring(measuring, progress, interruption)
    return { lanes: [own.measure], close: own.close }
  }
  progress.say(`${workers} processes of ${threads} thread${threads === 1 ? '' : 's'}, on ${cores} cores.`)
  const processes = Array.from({ length: workers }, () => startWorker(interruption))
  await Promise.all(processes.map(({ ask }) => ask({ open: { ...measuring, threads } })))
  return {
    lanes: processes.map(
      ({ ask }) =>
        async (job) =>
          (await ask({ job })) as MeasuredNetwork,
    ),
    close: async () => processes.forEach(({ child }) => child.kill()),
  }
}

interface Worker {
  readonly child: ChildProcess
  ask(message: ToWorker): Promise<MeasuredNetwork | 'opened'>
}

/** How often it is looked whether someone asked to end, in ms. */
const GLANCE = 200

function startWorker(interruption: Interruption): Worker {
  const child = fork(mainFile(), ['worker'], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] })
  const ask = (message: ToWorker) =>
    new Promise<MeasuredNetwork | 'opened'>((resolve, reject) => {
      const glance = setInterval(() => {
        if (!interruption.asked) return
        child.kill()
        end(() => reject(interrupted('Nothing was written.')))
      }, GLANCE)
      const end = (settle: () => void) => {
        clearInterval(glance)
        child.off('message', hear).off('exit', lost).off('error', reject)
        settle()
      }
      const lost = (code: number | null) =>
        end(() => reject(new HabaError('haba', 'a worker process that answers', `one that ended (${code})`, again)))
      const hear = (said: FromWorker) => end(() => ('done' in said ? resolve(said.done) : reject(errorOf(said))))
      child.on('message', hear).on('exit', lost).on('error', reject)
      child.send(message)
    })
  return { child, ask }
}

const again = 'Memory may have run out: try --workers 1.'

function errorOf({ failed, facts }: Extract<FromWorker, { readonly failed: string }>): Error {
  return facts ? new HabaError(facts.who, facts.expected, facts.got, facts.todo) : new Error(failed)
}

/** The program itself: this file lies beside it when it is built, and one folder below it in the sources. */
function mainFile(): string {
  const path = import.meta.url.endsWith('.ts') ? '../main.ts' : './main.js'
  return fileURLToPath(new URL(path, import.meta.url))
}
