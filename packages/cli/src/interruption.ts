import { HabaError, type Engine } from '@haba/core'
import { performance } from 'node:perf_hooks'

/** Someone asked the run to end; what it had is saved. */
export const interrupted = (todo: string) =>
  new HabaError('haba', 'to finish', 'an interruption', todo, { cause: interruption })
const interruption = Symbol('interruption')

/** Whether an error only says that someone asked to end. */
export const isInterruption = (error: unknown): boolean => HabaError.is(error) && error.cause === interruption

/** Aborted where someone asked to end; it is looked at between steps, so that what was done is saved first. */
export type Interruption = AbortSignal

/** How long several signals count as one, in ms: npm, a shell and tsx all pass on the same Ctrl-C. */
const ECHO = 1000

/** The first Ctrl-C (or SIGTERM) is noted; a second one quits at once. */
export function listenForInterruption(say: (text: string) => void): AbortSignal {
  const controller = new AbortController()
  let first: number | undefined
  const hear = () => {
    if (first === undefined) {
      first = performance.now()
      controller.abort()
      say('Finishing this step; Ctrl-C again quits at once.')
    } else if (performance.now() - first > ECHO) process.exit(130)
  }
  process.on('SIGINT', hear)
  process.on('SIGTERM', hear)
  return controller.signal
}

/** An engine whose functions refuse to start once someone has asked to end: for work that is done again from its start. */
export function interruptible(engine: Engine, signal: AbortSignal, todo: string): Engine {
  return {
    name: engine.name,
    stats: engine.stats,
    compile: (name, fn) => {
      const compiled = engine.compile(name, fn)
      return async (...args) => {
        if (signal.aborted) throw interrupted(todo)
        return await compiled(...args)
      }
    },
    linearize: (name, fn) => engine.linearize(name, fn),
  }
}
