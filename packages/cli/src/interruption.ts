import { HabaError, type Engine } from '@haba/core'
import { performance } from 'node:perf_hooks'

/** Someone asked the run to end; what it had is saved. */
export const interrupted = (todo: string) =>
  new HabaError('haba', 'to finish', 'an interruption', todo, { cause: interruption })
const interruption = Symbol('interruption')

/** Whether an error only says that someone asked to end. */
export const isInterruption = (error: unknown): boolean => HabaError.is(error) && error.cause === interruption

/** Asked to end or not, to be looked at between steps. */
export interface Interruption {
  readonly asked: boolean
}

/** How long several signals count as one, in ms: npm, a shell and tsx all pass on the same Ctrl-C. */
const ECHO = 1000

/** The first Ctrl-C (or SIGTERM) is noted; a second one quits at once. */
export function listenForInterruption(say: (text: string) => void): Interruption {
  let first: number | undefined
  const hear = () => {
    if (first === undefined) {
      first = performance.now()
      say('Finishing this step; Ctrl-C again quits at once.')
    } else if (performance.now() - first > ECHO) process.exit(130)
  }
  process.on('SIGINT', hear)
  process.on('SIGTERM', hear)
  return {
    get asked() {
      return first !== undefined
    },
  }
}

/**
 * An engine whose functions refuse to start once someone has asked to end: for work that is done again from its start.
 *
 * @param onCall told of every call, by the function's name
 */
export function interruptible(
  engine: Engine,
  interruption: Interruption,
  todo: string,
  onCall: (name: string) => void = () => {},
): Engine {
  return {
    name: engine.name,
    stats: engine.stats,
    compile: (name, fn) => {
      const compiled = engine.compile(name, fn)
      return async (...args) => {
        if (interruption.asked) throw interrupted(todo)
        onCall(name)
        return await compiled(...args)
      }
    },
    linearize: (name, fn) => engine.linearize(name, fn),
  }
}
