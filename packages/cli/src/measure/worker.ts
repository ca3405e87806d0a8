import { HabaError, type HabaErrorFacts } from '@haba/core'
import type { Progress } from '../tell/progress.js'
import {
  openMeasuring,
  type MeasuredNetwork,
  type Measuring,
  type MeasuringJob,
  type MeasuringOptions,
} from './measuring.js'

/** Messages to a worker: first what to open, then jobs, one at a time. */
export type ToWorker = { readonly open: MeasuringOptions } | { readonly job: MeasuringJob }

/** Its answer to each message. */
export type FromWorker =
  { readonly done: MeasuredNetwork | 'opened' } | { readonly failed: string; readonly facts?: HabaErrorFacts }

const silent: Progress = { say: () => {}, count: () => {}, pulse: () => {} }

/** Measures for the main process until it disconnects. The main process handles Ctrl-C. */
export async function runWorker(): Promise<void> {
  process.on('SIGINT', () => {})
  let measuring: Measuring | undefined
  const answer = async (message: ToWorker): Promise<FromWorker> => {
    try {
      if ('job' in message) return { done: await measuring!.measure(message.job) }
      measuring = await openMeasuring(message.open, silent, new AbortController().signal)
      return { done: 'opened' }
    } catch (error) {
      const { message: failed } = error instanceof Error ? error : new Error(String(error))
      return { failed, ...(HabaError.is(error) && { facts: error.facts }) }
    }
  }
  process.on('message', (message: ToWorker) => void answer(message).then((said) => process.send?.(said)))
  await new Promise((resolve) => process.on('disconnect', resolve))
  // Nothing waits for a job that still runs.
  process.exit()
}
