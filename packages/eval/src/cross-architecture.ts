import { checkArguments, HabaError } from '@haba/core'
import { halfInterval95, summarize, type Accuracy } from './statistics.js'

/** Runs one job at a time, such as a worker process. */
export type Worker<Job, Result> = (job: Job) => Promise<Result>

/** Distributes jobs to workers, one at a time each. Results are in the order of the jobs; the first failure rejects. */
export async function shareOut<Job, Result>(
  jobs: readonly Job[],
  workers: readonly Worker<Job, Result>[],
  onResult: (job: Job, result: Result, done: number) => void = () => {},
): Promise<readonly Result[]> {
  const results = new Array<Result>(jobs.length)
  let [next, done, failed] = [0, 0, false]
  const work = async (worker: Worker<Job, Result>) => {
    while (next < jobs.length && !failed) {
      const index = next++
      try {
        results[index] = await worker(jobs[index]!)
      } catch (error) {
        failed = true
        throw error
      }
      onResult(jobs[index]!, results[index], ++done)
    }
  }
  await Promise.all(workers.map(work))
  return results
}

/** The number of workers and the threads of each, never more threads in total than cores. */
export function planWorkers({ cores, jobs, workers }: WorkerNeeds): {
  readonly workers: number
  readonly threads: number
} {
  if (workers !== undefined && (!Number.isInteger(workers) || workers < 1 || workers > cores))
    throw new HabaError('workers', `1 … ${cores}, the number of cores`, `${workers}`, 'More would be slower.')
  const used = Math.max(1, Math.min(workers ?? cores, jobs))
  return { workers: used, threads: Math.floor(cores / used) }
}

/** Cores and jobs to distribute. */
export interface WorkerNeeds {
  readonly cores: number
  readonly jobs: number
  /** @default one per job, at most one per core */
  readonly workers?: number
}

/** One fresh network to train and test. */
export interface NetworkJob {
  readonly network: string
  readonly seed: number
}

/** Options of `crossArchitecture`. */
export interface CrossArchitectureOptions {
  readonly networks: readonly string[]
  /** Fresh networks of each kind. @default 3 */
  readonly seeds?: number
  /** Each returns the test accuracy of a job's network. */
  readonly workers: readonly Worker<NetworkJob, number>[]
  readonly onResult?: (job: NetworkJob, accuracy: number, done: number) => void
}

/** Accuracies of networks of one kind trained on a set. */
export interface NetworkAccuracy extends Accuracy {
  readonly network: string
  /** Half of the 95 % confidence interval of the mean; absent for a single seed. */
  readonly halfInterval?: number
}

/** Evaluates several seeds of several kinds of networks; one row per kind. */
export async function crossArchitecture(options: CrossArchitectureOptions): Promise<readonly NetworkAccuracy[]> {
  checkArguments('crossArchitecture', options, { networks: 'list', workers: 'list' })
  const { networks, seeds = 3, workers, onResult } = options
  const jobs = networks.flatMap((network) => Array.from({ length: seeds }, (_, seed) => ({ network, seed })))
  const results = await shareOut(jobs, workers, onResult)
  return networks.map((network, i) => {
    const accuracies = results.slice(i * seeds, (i + 1) * seeds)
    const halfInterval = halfInterval95(accuracies)
    return { network, ...summarize(accuracies), ...(halfInterval !== undefined && { halfInterval }) }
  })
}
