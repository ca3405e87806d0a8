import { HabaError } from '@haba/core'
import type { Progress } from '../progress.js'
import { openMeasuring, type Measuring } from '../run/measuring.js'
import type { FromWorker, ToWorker } from './messages.js'

const silent: Progress = { say: () => {}, count: () => {}, pulse: () => {} }

/** Measures for another process until that one hangs up. Ctrl-C is the other's to hear. */
export async function runWorker(): Promise<void> {
  process.on('SIGINT', () => {})
  let measuring: Measuring | undefined
  const answer = async (message: ToWorker): Promise<FromWorker> => {
    try {
      if ('job' in message) return { done: await measuring!.measure(message.job) }
      measuring = await openMeasuring(message.open, silent, { asked: false })
      return { done: 'opened' }
    } catch (error) {
      const { message: failed } = error instanceof Error ? error : new Error(String(error))
      return { failed, ...(HabaError.is(error) && { facts: error.facts }) }
    }
  }
  process.on('message', (message: ToWorker) => void answer(message).then((said) => process.send?.(said)))
  await new Promise((resolve) => process.on('disconnect', resolve))
  // Nobody waits for the job that may still run.
  process.exit()
}
