import { HabaError } from '@haba/core'
import { planWorkers, type Worker } from '@haba/eval'
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'
import type { ReadConfig } from '../config/read-config.js'
import { interrupted } from '../interruption.js'
import { defaultEngine } from '../plugins/engines.js'
import type { Progress } from '../tell/progress.js'
import { openMeasuring, type MeasuredNetwork, type MeasuringJob, type MeasuringOptions } from './measuring.js'
import type { FromWorker, ToWorker } from './worker.js'

export interface WorkerPoolOptions {
  readonly read: ReadConfig
  readonly measuring: MeasuringOptions
  /** Number of jobs. */
  readonly jobs: number
  /** @default one per job, at most one per core */
  readonly workers?: number
  readonly progress: Progress
  readonly signal: AbortSignal
}

/** Runs jobs in worker processes, or in this process. */
export interface WorkerPool {
  readonly workers: readonly Worker<MeasuringJob, MeasuredNetwork>[]
  close(): Promise<void>
}

/**
 * Opens a run for measuring. Starts one worker process per core; together they use no more threads than there are cores. An
 * engine that uses an accelerator, or a single worker, runs in the main process.
 */
export async function openWorkerPool(options: WorkerPoolOptions): Promise<WorkerPool> {
  const { read, measuring, jobs, progress, signal } = options
  const shared = ['onnx', defaultEngine].includes(measuring.engine ?? read.config.engine.use)
  const cores = availableParallelism()
  const { workers, threads } = planWorkers({
    cores,
    jobs: shared ? jobs : 1,
    ...(options.workers !== undefined && { workers: options.workers }),
  })
  if (workers === 1) {
    const own = await openMeasuring(measuring, progress, signal)
    return { workers: [own.measure], close: own.close }
  }
  progress.say(`${workers} worker processes with ${threads} thread${threads === 1 ? '' : 's'} each, on ${cores} cores.`)
  const processes = Array.from({ length: workers }, () => startWorker(signal))
  await Promise.all(processes.map(({ ask }) => ask({ open: { ...measuring, threads } })))
  return {
    workers: processes.map(
      ({ ask }) =>
        async (job) =>
          (await ask({ job })) as MeasuredNetwork,
    ),
    close: async () => processes.forEach(({ end }) => end()),
  }
}

/** Starts a worker process, which is killed when the signal is aborted. */
function startWorker(signal: AbortSignal) {
  const child = fork(mainFile(), ['worker'], { signal, stdio: ['ignore', 'ignore', 'inherit', 'ipc'] })
  const ended = once(child, 'exit').then(
    ([code]): never => {
      throw new HabaError('haba', 'a worker process that answers', `one that ended (${code})`, again)
    },
    (error: unknown): never => {
      throw signal.aborted ? interrupted('Nothing was written.') : error
    },
  )
  // Handled by whoever awaits it; this avoids an unhandled rejection.
  ended.catch(() => {})
  return {
    async ask(message: ToWorker): Promise<MeasuredNetwork | 'opened'> {
      // If the process has ended, `ended` reports it.
      child.send(message, () => {})
      const said = await Promise.race([new Promise<FromWorker>((resolve) => child.once('message', resolve)), ended])
      if ('done' in said) return said.done
      const { failed, facts } = said
      throw facts ? new HabaError(facts.source, facts.expected, facts.received, facts.hint) : new Error(failed)
    },
    end: () => child.kill(),
  }
}

const again = 'Memory may have run out: try --workers 1.'

/** The main file: beside this file when built, one folder above it in the sources. */
function mainFile(): string {
  const path = import.meta.url.endsWith('.ts') ? '../main.ts' : './main.js'
  return fileURLToPath(new URL(path, import.meta.url))
}
